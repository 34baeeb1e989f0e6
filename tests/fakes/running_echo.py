"""A whole Echo on a folder, with the fake OpenAI server for a model and a clock that moves when told to."""

import asyncio
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from source.adapters.llm.openai_chat import OpenAIChatModel
from source.app.composition import open_echo
from source.app.echo import Echo
from source.app.models import provider_settings
from source.app.settings import Settings
from source.domain.conversation_head import StoredConversation
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.services.commands import CommandInvocation, CommandReply
from source.services.commands.typed_words import Commanded, understood
from tests.fakes.channel import FakeChannel, FakeReply
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.openai_session import RecordedSleep
from tests.fakes.openai_tokens import Body

ADA = PersonRef("ada", "Ada")
MAIN = ThreadRef(Platform.TERMINAL, "main")

_numbers = itertools.count(1)


@dataclass
class Talk:
    """Somebody talking with a running Echo; without other words it is Ada in the main thread."""

    echo: Echo
    clock: FakeClock
    settings: Settings
    channel: FakeChannel = field(default_factory=FakeChannel)

    def inbound(
        self, text: str, *, thread: ThreadRef = MAIN, person: PersonRef = ADA, event_id: str | None = None
    ) -> InboundMessage:
        return InboundMessage(event_id or f"event-{next(_numbers)}", thread, person, text, self.clock.now())

    async def say(
        self, text: str, *, thread: ThreadRef = MAIN, person: PersonRef = ADA, event_id: str | None = None
    ) -> FakeReply:
        """Say something and return the reply to it, which may be a failure."""
        inbound = self.inbound(text, thread=thread, person=person, event_id=event_id)
        before = len(self.channel.replies)
        await self.echo.turns.handle(inbound, self.channel)
        return next(reply for reply in self.channel.replies[before:] if reply.thread == thread)

    async def command(self, line: str, *, thread: ThreadRef = MAIN, person: PersonRef = ADA) -> str:
        """Give a command such as `new topic` and return what it answers."""
        return (await self.reply_to(line, thread=thread, person=person)).text

    async def reply_to(
        self, line: str, *, thread: ThreadRef = MAIN, person: PersonRef = ADA, is_in_thread: bool = True
    ) -> CommandReply:
        """Give a command such as `new topic` and return all of its answer."""
        typed = understood(f"/{line}", self.echo.commands.vocabulary)
        assert isinstance(typed, Commanded)
        return await self.echo.commands.run(
            CommandInvocation(
                typed.name,
                thread,
                person,
                typed.options,
                channel=self.channel,
                invocation_id=f"command-{next(_numbers)}",
                is_in_thread=is_in_thread,
            )
        )

    async def conversations(self, *, thread: ThreadRef = MAIN) -> list[StoredConversation]:
        """Return the thread's conversations as the store has them, the oldest first."""
        listed = await self.echo.catalog.listing(thread=thread.key)
        loaded = [await self.echo.catalog.load(listing.conversation_id) for listing in listed]
        return sorted((each for each in loaded if each), key=lambda each: each.head.conversation_id)

    async def conversation(self, *, thread: ThreadRef = MAIN) -> StoredConversation:
        """Return the thread's active conversation as the store has it."""
        return next(each for each in await self.conversations(thread=thread) if each.head.is_active)

    async def leave_memory(self) -> None:
        """Let so much time pass that nothing is left in memory."""
        self.clock.advance(seconds=self.settings.idle_time_seconds + 1)
        await self.echo.manager.sweep()
        assert self.echo.manager.metrics().conversations == 0


@asynccontextmanager
async def running_echo(
    folder: Path, server: FakeOpenAIServer, clock: FakeClock, **settings: object
) -> AsyncIterator[Talk]:
    """Start Echo on `folder` and end it in order."""
    chosen = settings_for(folder, server, **settings)
    model = OpenAIChatModel(provider_settings(chosen), sleep=RecordedSleep())
    try:
        async with open_echo(chosen, model=model, clock=clock) as echo:
            yield Talk(echo, clock, chosen)
    finally:
        await model.close()


def settings_for(folder: Path, server: FakeOpenAIServer | None = None, **settings: object) -> Settings:
    return Settings.model_validate(
        {
            "conversations_dir": folder,
            "openai_base_url": server.base_url if server else "http://127.0.0.1:9/v1",
            "openai_api_key": "key",
            "openai_model": "test-model",
            "durability": "normal",
            "summary_timeout_seconds": 20,
            "whatsapp_burst_seconds": 0,  # nobody moves the clock between what is said
            "ai_disclosure": (),
            **settings,
        }
    )


def database_rows(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """Ask the database beside Echo, without any of its code."""
    with closing(sqlite3.connect(folder / "echo.db")) as database:
        return database.execute(statement).fetchall()


def prompt_of(body: Body) -> list[dict[str, Any]]:
    """Return the messages of a request."""
    messages = body["messages"]
    assert isinstance(messages, list)
    return messages


def transcripts_in(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the transcripts that are not archived as plain JSON, by name and in its order."""
    return {path.name: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def archived_in(folder: Path) -> list[str]:
    """Return the names of the archived transcripts."""
    return sorted(path.name for path in (folder / "archive").glob("*"))


def forget_database(folder: Path) -> None:
    """Remove the database, so that only the transcripts are left."""
    for part in folder.glob("echo.db*"):
        part.unlink()


async def eventually(happened: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for something that must come."""
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110  (what is waited for happens on disk or on a wire)
            await asyncio.sleep(0)
