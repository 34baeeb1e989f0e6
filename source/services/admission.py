"""What may come in at all."""

from collections.abc import Iterable
from dataclasses import dataclass

from source.domain.errors import RefusedInputError
from source.domain.message_text import is_storable
from source.domain.thread import Platform
from source.domain.turn import InboundKind, InboundMessage, ModelUsage
from source.services.limits import Limits

_LONGEST_ID_CHARS = 512


@dataclass(frozen=True, slots=True)
class Admission:
    """Refuses what could not be kept exactly, would never fit a model's context, or is more than a person may ask."""

    max_message_bytes: int
    limits: Limits | None = None

    def take(self, inbound: InboundMessage, *, is_unlimited: bool = False) -> None:
        """Return if the message can be taken, and count it.

        Raises: RefusedInputError: it cannot, and its text tells the person why; nothing was kept.
        """
        self._check(inbound)
        if self.limits is not None and not is_unlimited:
            self.limits.take(inbound)

    def check(self, inbound: InboundMessage, *, is_unlimited: bool = False) -> None:
        """Return if the message could be taken now; it is not counted.

        Raises: RefusedInputError: as `take` would.
        """
        self._check(inbound)
        if self.limits is not None and not is_unlimited:
            self.limits.check(inbound)

    def take_late(self, inbound: InboundMessage, *, is_unlimited: bool = False) -> None:
        """As `take`, for a message that was said while Echo was away: in how short a time does not matter then."""
        self._check(inbound)
        if self.limits is not None and not is_unlimited:
            self.limits.check_tokens(inbound)

    def give_back(self, inbound: InboundMessage) -> None:
        """The message that was taken is a repeat, or could not be made durable: it counts no more."""
        if self.limits is not None:
            self.limits.give_back(inbound)

    def spend(self, platform: Platform, usage: Iterable[ModelUsage]) -> None:
        """Count what answers took."""
        if self.limits is not None:
            self.limits.spend(platform, usage)

    def check_text(self, text: str) -> None:
        """Return if this text of a message can be taken.

        Raises: RefusedInputError: it cannot, and its text tells the person why.
        """
        if not text.strip():
            raise RefusedInputError("That message is empty. Write something and I will answer.")
        if not is_storable(text):
            raise RefusedInputError(
                "That message holds a character that cannot be kept (a NUL or half of an emoji). "
                "Please send it again without it."
            )
        size = len(text.encode())
        if size > self.max_message_bytes:
            raise RefusedInputError(
                f"That message is too long: {size:,} bytes, and I take {self.max_message_bytes:,}. "
                "Please send it in parts."
            )

    def _check(self, inbound: InboundMessage) -> None:
        if inbound.text or inbound.kind is InboundKind.MESSAGE:
            self.check_text(inbound.text)
        self._check_ids(inbound)

    def _check_ids(self, inbound: InboundMessage) -> None:
        ids = (
            inbound.event_id,
            inbound.thread.thread_id,
            inbound.person.external_id,
            inbound.person.display_name,
            inbound.thread.guild_id or "-",
            inbound.thread.guild_name or "-",
            inbound.thread.circle or "-",
            inbound.reply_to or "-",
        )
        if any(not text or len(text) > _LONGEST_ID_CHARS or not is_storable(text) for text in ids):
            raise RefusedInputError("That message came with a name or an id that cannot be kept.")
