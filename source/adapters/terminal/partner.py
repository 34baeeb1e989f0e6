"""What a chat in the terminal needs of Echo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from source.domain.message import Message
from source.domain.thread import PersonRef, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import Channel
from source.ports.store import ConversationListing
from source.services.commands.vocabulary import CommandSpec


@dataclass(frozen=True, slots=True)
class Place:
    """Who sits at the terminal, and in which thread."""

    thread: ThreadRef
    person: PersonRef


class Partner(Protocol):
    """Echo; every method may raise an EchoError, whose text is for the person at the terminal."""

    @property
    def model_name(self) -> str: ...

    @property
    def is_offline(self) -> bool: ...

    @property
    def words(self) -> Sequence[CommandSpec]:
        """The commands there are."""
        ...

    async def answer(self, inbound: InboundMessage, channel: Channel) -> None:
        """Return when the message has been answered on the channel."""
        ...

    async def recover(self, channel: Channel) -> None:
        """Answer and deliver what an earlier process left."""
        ...

    def stop(self, thread: ThreadKey) -> bool:
        """Stop the answer that is running there; False when there is none."""
        ...

    async def command(self, name: str, argument: str, place: Place) -> str:
        """Run a command and return what it says."""
        ...

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        """The newest messages of the thread's active conversation, oldest first."""
        ...

    async def listing(self, thread: ThreadKey, limit: int) -> Sequence[ConversationListing]:
        """The thread's conversations, latest activity first: the order of the numbers that commands take."""
        ...
