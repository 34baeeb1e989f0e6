"""What the Discord adapter needs of the core."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from source.domain.thread import Platform, ThreadKey
from source.domain.turn import InboundMessage
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.ports.store import ChannelStore
from source.services.commands import CommandService


class Turns(Protocol):
    """The one path of a message."""

    async def handle(self, inbound: InboundMessage, channel: Channel, *, is_unlimited: bool = False) -> None:
        """Return when the message has been answered; who is `is_unlimited` may send any number.

        Raises: RefusedInputError: it was not taken; its text is for the person. StoreError: nor was it then.
        """
        ...

    def refusal_of(self, inbound: InboundMessage, *, is_unlimited: bool = False) -> str | None:
        """Return why `handle` would refuse this message now, as a sentence for its sender; nothing is counted."""
        ...

    async def take(
        self, inbounds: Sequence[InboundMessage], channel: Channel, *, unlimited: Container[str] = ()
    ) -> None:
        """Return when messages that were said while Echo was away have been answered, together in each thread.

        Who sent the `unlimited`, by their event ids, may send any number.

        Raises: StoreError: not all of them could be made durable.
        """
        ...

    async def recover(self, channel: Channel) -> None:
        """Answer and deliver what was left undone; raises StoreError."""
        ...

    def stop(self, thread: ThreadKey, *, answering: int | None = None) -> bool:
        """Stop the thread's running answer, or only one to the event of this key."""
        ...

    async def drain(self, deadline: timedelta, *platforms: Platform) -> None:
        """Let the platforms' running turns end, and cut short what still runs."""
        ...


class Corrections(Protocol):
    """What people change afterwards in what they wrote; every method may raise a StoreError."""

    async def edited(self, platform: Platform, event_id: str, text: str, at: datetime) -> None: ...

    async def deleted(self, platform: Platform, event_ids: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class DiscordParts:
    """The core, as this channel uses it."""

    turns: Turns
    corrections: Corrections
    commands: CommandService
    store: ChannelStore
    clock: Clock
