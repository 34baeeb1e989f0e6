"""Echo as a terminal sees it, and a place to sit."""

import asyncio
import io
import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime

from source.adapters.terminal.partner import Place
from source.domain.conversation_head import ConversationState
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import Channel, LiveReply
from source.ports.store import ConversationListing
from source.services.commands.vocabulary import (
    CommandInvocation,
    CommandOption,
    CommandReply,
    CommandSpec,
    ExportedFile,
    OptionKind,
)

PLACE = Place(ThreadRef(Platform.TERMINAL, "main"), PersonRef("ana", "Ana"))
SOME_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Answer = Callable[[InboundMessage, LiveReply], Coroutine[object, object, None]]


async def repeats(inbound: InboundMessage, reply: LiveReply) -> None:
    """Stream what was said back, word by word."""
    words = f"You said: {inbound.text}".split(" ")
    for index, word in enumerate(words):
        await asyncio.sleep(0)
        reply.show(word if index == 0 else f" {word}")
    await reply.deliver(" ".join(words))


class FakePartner:
    """Answers as it is told to; keeps what was asked of it."""

    model_name = "a-model"

    def __init__(self, answer: Answer = repeats, *, is_offline: bool = False) -> None:
        self._answer = answer
        self.is_offline = is_offline
        self.words: Sequence[CommandSpec] = (
            CommandSpec(
                "new",
                "start a conversation",
                (
                    CommandOption("fresh", "without memory", OptionKind.FLAG),
                    CommandOption("topic", "about what", takes_rest=True),
                ),
            ),
            CommandSpec("resume", "go on with an ended one", (CommandOption("which", "number", is_suggested=True),)),
            CommandSpec(
                "export",
                "as a file",
                (
                    CommandOption("format", "form", OptionKind.CHOICE, choices=("json",)),
                    CommandOption("which", "number", is_suggested=True),
                ),
            ),
            CommandSpec("retry", "answer again"),
            CommandSpec("help", "what there is"),
        )
        self.said: list[InboundMessage] = []
        self.commands: list[tuple[str, dict[str, str | bool]]] = []
        self.file: ExportedFile | None = None
        self.kept: list[ExportedFile] = []
        self.past: list[Message] = []
        self.conversations: list[ConversationListing] = []
        self.left_over: list[tuple[ThreadRef, str]] = []
        self.stopped = asyncio.Event()
        self.command_error: Exception | None = None

    @property
    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.said]

    async def answer(self, inbound: InboundMessage, channel: Channel) -> None:
        await asyncio.sleep(0)
        self.said.append(inbound)
        await self._answer(inbound, channel.open_reply(inbound.thread))

    async def recover(self, channel: Channel) -> None:
        for thread, text in self.left_over:
            await channel.open_reply(thread).deliver(text)

    def stop(self, thread: ThreadKey) -> bool:
        self.stopped.set()
        return thread == PLACE.thread.key

    async def command(self, invocation: CommandInvocation) -> CommandReply:
        await asyncio.sleep(0)
        self.commands.append((invocation.name, dict(invocation.options)))
        if self.command_error is not None:
            raise self.command_error
        if invocation.name == "retry" and invocation.channel is not None:
            await invocation.channel.open_reply(invocation.thread).deliver("Once more")
            return CommandReply("")
        return CommandReply(f"{invocation.name} done for {invocation.person.external_id}", self.file)

    async def keep_file(self, file: ExportedFile) -> str:
        await asyncio.sleep(0)
        self.kept.append(file)
        return f"exports/{file.name}"

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        await asyncio.sleep(0)
        return self.past[-limit:] if thread.key == PLACE.thread.key else []

    async def listing(self, place: Place) -> Sequence[ConversationListing]:
        await asyncio.sleep(0)
        return [listing for listing in self.conversations if listing.thread.key == place.thread.key]


class Watched(io.StringIO):
    """A stream whose reader can wait for what will be written."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    @property
    def plain(self) -> str:
        """What is to be read, without styles."""
        return re.sub(r"\x1b\[[0-9;]*[mK]|\r", "", self.getvalue())

    def write(self, text: str) -> int:
        self._written.set()
        return super().write(text)

    async def shows(self, text: str, *, times: int = 1) -> None:
        """Return once `text` has been written so many times."""
        while self.plain.count(text) < times:
            self._written.clear()
            await self._written.wait()


class Terminal(Watched):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def chat(text: str, requester: str | None = "ana", *, at: datetime = SOME_DAY) -> Message:
    """One chat message; without requester it is Echo's."""
    return Message(at, MessageType.CHAT, text, requester=requester)


def conversation(conversation_id: int, title: str, *, active: bool = False, messages: int = 4) -> ConversationListing:
    """One line of a list."""
    return ConversationListing(
        conversation_id=conversation_id,
        thread=PLACE.thread,
        title=title,
        summary="",
        state=ConversationState.ACTIVE if active else ConversationState.ENDED,
        created_at=SOME_DAY,
        last_message_at=SOME_DAY,
        message_count=messages,
        parent_conversation_id=None,
        created_reason="first_message",
        filename="a.json",
    )
