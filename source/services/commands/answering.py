"""Commands about the answer that is running or was given."""

from typing import Final, Protocol
from uuid import uuid4

from source.domain.errors import RefusedInputError
from source.domain.thread import ThreadKey
from source.domain.turn import InboundKind, InboundMessage
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.services.commands.vocabulary import Choice, CommandInvocation, CommandReply

_AGAIN: Final = Choice("Answer again", "/retry")


class Turns(Protocol):
    """What is needed of the `TurnService`."""

    async def handle(self, inbound: InboundMessage, channel: Channel, *, is_unlimited: bool = False) -> None:
        """As in `TurnService`."""
        ...

    def stop(self, thread: ThreadKey) -> bool:
        """As in `TurnService`."""
        ...


class AnsweringCommands:
    """`/stop` and `/retry`; neither waits for the thread's running turn."""

    def __init__(self, turns: Turns, clock: Clock) -> None:
        self._turns = turns
        self._clock = clock

    async def stop(self, invocation: CommandInvocation) -> CommandReply:
        """Stop the thread's running answer."""
        if self._turns.stop(invocation.thread.key):
            return CommandReply("Stopped. Whatever I had said by then is kept.", choices=(_AGAIN,))
        return CommandReply("No answer is running here.")

    async def retry(self, invocation: CommandInvocation) -> CommandReply:
        """Have the last message answered again; the new answer comes through the channel, where replies do."""
        if not invocation.is_in_thread or invocation.channel is None:
            raise RefusedInputError("There is no answer here that I could give again.")
        wish = InboundMessage(
            event_id=invocation.invocation_id or uuid4().hex,
            thread=invocation.thread,
            person=invocation.person,
            text="",
            sent_at=self._clock.now(),
            kind=InboundKind.RETRY,
        )
        await self._turns.handle(wish, invocation.channel, is_unlimited=invocation.is_unlimited)
        return CommandReply("")
