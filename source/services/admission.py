"""What may come in at all."""

from dataclasses import dataclass

from source.domain.errors import RefusedInputError
from source.domain.message_text import is_storable
from source.domain.turn import InboundMessage

_LONGEST_ID_CHARS = 512


@dataclass(frozen=True, slots=True)
class Admission:
    """Refuses what could not be kept exactly or would never fit a model's context."""

    max_message_bytes: int

    def check(self, inbound: InboundMessage) -> None:
        """Return if the message can be taken.

        Raises: RefusedInputError: it cannot, and its text tells the person why; nothing was kept.
        """
        if not inbound.text.strip():
            raise RefusedInputError("That message is empty. Write something and I will answer.")
        if not is_storable(inbound.text):
            raise RefusedInputError(
                "That message holds a character that cannot be kept (a NUL or half of an emoji). "
                "Please send it again without it."
            )
        size = len(inbound.text.encode())
        if size > self.max_message_bytes:
            raise RefusedInputError(
                f"That message is too long: {size:,} bytes, and I take {self.max_message_bytes:,}. "
                "Please send it in parts."
            )
        self._check_ids(inbound)

    def _check_ids(self, inbound: InboundMessage) -> None:
        ids = (
            inbound.event_id,
            inbound.thread.thread_id,
            inbound.person.external_id,
            inbound.person.display_name,
            inbound.thread.guild_id or "-",
            inbound.thread.guild_name or "-",
        )
        if any(not text or len(text) > _LONGEST_ID_CHARS or not is_storable(text) for text in ids):
            raise RefusedInputError("That message came with a name or an id that cannot be kept.")
