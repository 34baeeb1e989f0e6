"""The processes that are killed: an Echo under load, and a rebuild."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal

from source.adapters.llm import openai_connection, openai_reply  # noqa: F401  (loaded once, before the forks)
from source.app import echo as echo_parts
from source.app.composition import open_echo, rebuild
from source.app.echo import Echo
from source.app.log_setup import set_up_logging
from source.app.operations import Operations
from source.app.settings import Settings
from source.domain.errors import DeliveryError, RefusedInputError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, InboundMessage, TurnRecord, UndeliveredReply
from source.ports.store import TurnStore
from source.services.admission import Admission
from source.services.cleanup import Cleanup
from source.services.commands import CommandInvocation
from source.services.commands.typed_words import Commanded, understood
from source.services.turn_service import TurnService
from tests.e2e.kill.journal import Journal
from tests.e2e.kill.said import PLATFORM, THREADS, EventId, inbound_of, person_of, thread_of

Source = Literal["store", "transcripts"]

_SENDERS_PER_THREAD = 2
_LONGEST_PAUSE = 0.15
_COMMANDERS = 4
_REPEATS = 0.15
_UNDELIVERED = 0.03
_COMMANDS = (
    *("new", "new topic", "new fresh", "resume", "resume 3", "archive", "archive 2", "archive 5"),
    *("unarchive", "unarchive 4", "summary", "conversations", "search tea"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a campaign happens."""

    folder: Path
    journal: Path
    log: Path
    model_url: str


class WatchedStore:
    """Tells the journal what was accepted, the moment after it is durable."""

    def __init__(self, store: TurnStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal

    async def accept(self, inbound: InboundMessage) -> AcceptedEvent | None:
        event = await self._store.accept(inbound)
        (self._journal.accepted if event else self._journal.repeated)(inbound.event_id)
        return event

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        return await self._store.commit_turn(record)

    async def mark_delivered(self, keys: Sequence[int]) -> None:
        await self._store.mark_delivered(keys)

    async def unanswered(self, *, platform: Platform | None = None) -> list[AcceptedEvent]:
        return await self._store.unanswered(platform=platform)

    async def undelivered(self, thread: ThreadKey | None = None) -> list[UndeliveredReply]:
        return await self._store.undelivered(thread)


class JournalReply:
    """A reply whose reader is the journal; now and then the channel is down."""

    def __init__(self, thread: ThreadRef, journal: Journal, random: Random | None) -> None:
        self._thread = thread
        self._journal = journal
        self._random = random

    async def notice(self, line: str) -> None:
        await asyncio.sleep(0)

    def show(self, delta: str) -> None:
        pass

    def thinking(self) -> None:
        pass

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        await asyncio.sleep(0)
        if self._random is not None and self._random.random() < _UNDELIVERED:
            raise DeliveryError("the channel is down")
        self._journal.delivered(self._thread, text)

    async def fail(self, sentence: str) -> None:
        await asyncio.sleep(0)
        self._journal.failed(self._thread)


class JournalChannel:
    """The platform of a campaign; `random` decides when it is down, None never."""

    platform = PLATFORM

    def __init__(self, journal: Journal, random: Random | None = None) -> None:
        self._journal = journal
        self._random = random

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> JournalReply:
        return JournalReply(thread, self._journal, self._random)


def settings_of(place: Place) -> Settings:
    """Everything happens often: transcripts, leaving memory, new conversations, cuts of the context."""
    return Settings.model_validate(
        {
            "conversations_dir": place.folder,
            "openai_base_url": place.model_url,
            "openai_api_key": "key",
            "openai_model": "test-model",
            "transcript_delay_seconds": 0.05,
            "idle_time_seconds": 0.2,
            "conversation_timeout_hours": 0.4 / 3600,
            "max_context_messages": 8,
            "summary_timeout_seconds": 0.6,
            "messages_per_minute": 0,
        }
    )


def talk(place: Place, run: int, seed: int) -> None:
    """Recover, then have everybody talk until the process is killed."""
    _begin(place)
    asyncio.run(_talk(place, run, Random(seed)))


def finish(place: Place) -> None:
    """Recover, answer, write and clean up whatever is left, and end in order."""
    _begin(place)
    asyncio.run(_finish(place))


def restore(place: Place, source: Source) -> None:
    """Rebuild one home from the other."""
    _begin(place)
    asyncio.run(rebuild(settings_of(place), source, lambda _done, _total: None))


def _begin(place: Place) -> None:
    log = os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    set_up_logging(level="warning", form="json")
    journal = Journal(place.journal)

    class WatchedTurns(TurnService):
        # Any: whatever turns are made of beside the store.
        def __init__(self, admission: Admission, store: TurnStore, *parts: Any, **settings: Any) -> None:
            super().__init__(admission, WatchedStore(store, journal), *parts, **settings)

    # The one seam: nothing else differs from a real start.
    vars(echo_parts)["TurnService"] = WatchedTurns


async def _talk(place: Place, run: int, random: Random) -> None:
    journal = Journal(place.journal)
    channel = JournalChannel(journal, random)
    async with open_echo(settings_of(place)) as echo, asyncio.TaskGroup() as tasks:
        tasks.create_task(echo.catch_up.run())
        tasks.create_task(echo.turns.recover(channel))
        for _ in range(_COMMANDERS):
            tasks.create_task(_command(echo, journal, random))
        for thread in range(THREADS):
            for sender in range(_SENDERS_PER_THREAD):
                tasks.create_task(_send(echo, channel, random, thread, run, first=sender))


async def _finish(place: Place) -> None:
    async with open_echo(settings_of(place)) as echo:
        await echo.turns.recover(JournalChannel(Journal(place.journal)))
        await echo.catch_up.run()
        await _clean_up(Operations(echo).cleanup)


async def _clean_up(cleanup: Cleanup) -> None:
    """Remove what a kill left in the place that an archived or restored conversation has just left."""
    for conversation_id in await cleanup.unsettled():
        await cleanup.mend(conversation_id)
    await cleanup.remove_leftover_files()
    await cleanup.remove_orphan_blobs()


async def _send(echo: Echo, channel: JournalChannel, random: Random, thread: int, run: int, *, first: int) -> None:
    number = first
    while True:
        await asyncio.sleep(random.random() * _LONGEST_PAUSE)
        await echo.turns.handle(inbound_of(EventId(thread, run, number)), channel)
        if random.random() < _REPEATS:
            again = EventId(thread, random.randint(max(0, run - 3), run), random.randint(0, number))
            await echo.turns.handle(inbound_of(again), channel)
        number += _SENDERS_PER_THREAD


async def _command(echo: Echo, journal: Journal, random: Random) -> None:
    while True:
        await asyncio.sleep(random.random() * _LONGEST_PAUSE)
        thread = random.randrange(THREADS)
        typed = understood(f"/{random.choice(_COMMANDS)}", echo.commands.vocabulary)
        assert isinstance(typed, Commanded)
        with suppress(RefusedInputError):
            await echo.commands.run(
                CommandInvocation(typed.name, thread_of(thread), person_of(thread, 0), typed.options)
            )
            journal.commanded(typed.name)
