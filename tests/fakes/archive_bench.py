"""Archiving over a real store and a real folder, with a storage of the test's choice, cut off where it likes."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from source.adapters.blobs.zstandard import Zstandard
from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.housekeeping_table import HousekeepingTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import TaskTable
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import TurnRecord
from source.domain.window import Window
from source.ports.archives import BlobStorage
from source.services.archive import ArchiveParts, ArchiveRequest, ArchiveService, ArchiveSettings
from source.services.archive_mending import ArchiveMending
from source.services.archive_returns import ArchiveReturns
from source.services.archived_transcripts import ArchivedTranscripts
from source.services.cleanup import Cleanup, CleanupParts
from source.services.conversation_manager import InMemoryConversationManager
from source.services.deletion import Deletion
from source.services.opening import Opening
from source.services.summarizer import ConversationSummarizer, SummarySettings
from source.services.transcript_home import TranscriptHome
from tests.fakes.blobs import InMemoryBlobs
from tests.fakes.clock import FakeClock

ANA = PersonRef("ana", "Ana")
REQUEST = ArchiveRequest(by="tester", reason="old")
_SUMMARY = SummarySettings(20, 4_000, 300, timedelta(seconds=30), use_model=False, include_client=True)
_numbers = itertools.count(1)
T = TypeVar("T")


class CutOffError(BaseException):
    """The process is gone, as far as whoever awaited this can tell."""


@dataclass(slots=True)
class Scissors:
    """Cuts off before the step of this number; None: never. `steps` are those that were begun."""

    at: int | None = None
    steps: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        if self.at is not None and len(self.steps) >= self.at:
            raise CutOffError
        self.steps.append(name)


class Cut:
    """Something whose awaited methods can be cut off before they do anything."""

    def __init__(self, inner: object, scissors: Scissors, *methods: str) -> None:
        self._inner = inner
        self._scissors = scissors
        self._methods = methods

    def __getattr__(self, name: str) -> object:
        found: Callable[..., Awaitable[object]] = getattr(self._inner, name)
        if name not in self._methods:
            return found

        async def cut(*args: object, **kwargs: object) -> object:
            self._scissors.step(name)
            return await found(*args, **kwargs)

        return cut


@dataclass
class ArchiveBench:
    """The services on one store, folder and storage; made again, they are those of a process started again."""

    store: SqlStore
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    storage: BlobStorage = field(default_factory=InMemoryBlobs)
    scissors: Scissors = field(default_factory=Scissors)
    settings: ArchiveSettings = field(default_factory=ArchiveSettings)
    elsewhere: dict[str, BlobStorage] = field(default_factory=dict)

    def restarted(self, **changes: object) -> "ArchiveBench":
        """Return the services of a process that was started again."""
        kept = {"store": self.store, "folder": self.folder, "clock": self.clock, "storage": self.storage}
        kept |= {"settings": self.settings, "elsewhere": self.elsewhere}
        return ArchiveBench(**{**kept, **changes})  # type: ignore[arg-type]  # fields by name

    @cached_property
    def files(self) -> ConversationFileManagerService:
        return ConversationFileManagerService(self.folder, durable=False)

    @cached_property
    def table(self) -> ArchiveTable:
        return self._cut(
            ArchiveTable(self.store), "note_archived", "note_restored", "put_archive", "delete_conversations"
        )

    @cached_property
    def archived(self) -> ArchivedTranscripts:
        storage = self._cut(self.storage, "put", "get", "delete")
        return ArchivedTranscripts(storage, Zstandard(), elsewhere=lambda url: self.elsewhere[url])

    @cached_property
    def mending(self) -> ArchiveMending:
        return ArchiveMending(self.table, self.archived, self.clock, compress=self.settings.compress)

    @cached_property
    def home(self) -> TranscriptHome:
        files = self._cut(self.files, "save", "put_back", "take_away", "delete")
        home = TranscriptHome(files, self.table)
        home.mended_by(self.mending)
        return home

    @cached_property
    def manager(self) -> InMemoryConversationManager:
        return InMemoryConversationManager(self.home, store=self.store, clock=self.clock, ids=self.store.ids)

    @cached_property
    def returns(self) -> ArchiveReturns:
        return ArchiveReturns(self.table, self.archived, self.home)

    @cached_property
    def opening(self) -> Opening:
        summarizer = ConversationSummarizer(None, self.clock, _SUMMARY, "Summarize.", TokenEstimator())
        window = Window(timedelta(hours=48))
        return Opening(
            self.manager,
            self.store,
            summarizer,
            self.clock,
            window=window,
            include_summary=True,
            archive=self.returns,
        )

    @cached_property
    def archive(self) -> ArchiveService:
        parts = ArchiveParts(self.table, self.archived, self.home, self.returns, self.manager, self.opening, self.clock)
        return ArchiveService(parts, self.settings)

    @cached_property
    def deletion(self) -> Deletion:
        return Deletion(self.table, self.archived, self.home, self.manager)

    @cached_property
    def cleanup(self) -> Cleanup:
        parts = CleanupParts(
            store=self.table,
            housekeeping=HousekeepingTable(self.store),
            tasks=TaskTable(self.store),
            archived=self.archived,
            mending=self.mending,
            home=self.home,
            deletion=self.deletion,
            manager=self.manager,
            clock=self.clock,
        )
        return Cleanup(parts)

    async def say(self, *texts: str, thread_id: str | None = None, platform: Platform = Platform.TERMINAL) -> int:
        """Begin a conversation in a thread of its own, or in this one, and say these things; return its id."""
        thread = ThreadRef(platform, thread_id or f"thread-{next(_numbers)}")
        async with self.manager.turn(thread) as seat:
            opened = await self.opening.open(seat, ANA, self.clock.now())
            conversation = opened.conversation
            messages = tuple(conversation.take(self.said(text)) for text in texts)
            await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, people=(ANA,)))
            conversation.keep_committed(messages, people=(ANA,))
            self.manager.keep(conversation)
        return conversation.conversation_id

    async def ended(self, *texts: str, thread_id: str | None = None) -> int:
        """As `say`; then the conversation ends, and its transcript is written."""
        conversation_id = await self.say(*(texts or ("Hello",)), thread_id=thread_id)
        head = (await self.stored(conversation_id)).head
        async with self.manager.turn(head.thread) as seat:
            await self.opening.end(seat)
        await self.manager.write_transcripts()
        return conversation_id

    async def stored(self, conversation_id: int) -> StoredConversation:
        stored = await self.store.load(conversation_id)
        assert stored is not None
        return stored

    async def state(self, conversation_id: int) -> ConversationState:
        return (await self.stored(conversation_id)).head.state

    @property
    def blobs(self) -> InMemoryBlobs:
        """The storage, if the test has not chosen another."""
        assert isinstance(self.storage, InMemoryBlobs)
        return self.storage

    def archived_content(self) -> list[bytes]:
        """Return the transcripts in the storage."""
        compression = Zstandard()
        return [
            compression.decompress(data, max_bytes=10_000_000) if name.endswith(".zst") else data
            for name, data in sorted(self.blobs.kept.items())
        ]

    def plain_files(self) -> dict[str, bytes]:
        """Return the transcripts in the folder."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("*.json"))}

    async def end(self) -> None:
        """End in order."""
        await self.manager.shutdown()
        await self.home.close(timedelta(seconds=10))

    def is_waited_for(self, thread: ThreadKey) -> bool:
        """Whether somebody waits for the thread that somebody else holds."""
        return self.manager._seats._chairs[thread].users > 1

    def said(self, text: str) -> Message:
        """Return something that Ana says now."""
        return Message(self.clock.now(), MessageType.CHAT, text, requester="ana", event_id=f"event-{next(_numbers)}")

    def _cut(self, inner: T, *methods: str) -> T:
        return Cut(inner, self.scissors, *methods)  # type: ignore[return-value]  # it has whatever the inner one has


@asynccontextmanager
async def archive_bench(url: str, folder: Path, storage: BlobStorage | None = None) -> AsyncIterator[ArchiveBench]:
    """Open a bench on a store's URL."""
    clock = FakeClock()
    store = await SqlStore.open(url, clock=clock, durability="normal")
    bench = ArchiveBench(store, folder / "conversations", clock, storage or InMemoryBlobs())
    try:
        yield bench
    finally:
        await bench.end()
        await store.close()
