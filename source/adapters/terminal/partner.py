"""What a chat in the terminal needs of Echo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from source.domain.message import Message
from source.domain.thread import PersonRef, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import Channel
from source.ports.store import ConversationListing
from source.services.commands.vocabulary import CommandInvocation, CommandReply, CommandSpec, ExportedFile


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

    async def command(self, invocation: CommandInvocation) -> CommandReply:
        """Run a command and return what it says."""
        ...

    async def keep_file(self, file: ExportedFile) -> str:
        """Write a file where the person finds it; return its path.

        Raises: TranscriptUnwritableError: it could not be written.
        """
        ...

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        """The newest messages of the thread's active conversation, oldest first."""
        ...

    async def listing(self, place: Place) -> Sequence[ConversationListing]:
        """The person's conversations in the thread, in the order of the numbers that commands take."""
        ...
