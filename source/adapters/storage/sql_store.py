"""The store in a database."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from source.adapters.storage import (
    channel_reading,
    event_reading,
    read_queries,
    search_reading,
    statistics_reading,
)
from source.adapters.storage.database_url import database_named
from source.adapters.storage.engine import READERS, Durability
from source.adapters.storage.errors import store_errors
from source.adapters.storage.opening import OpenDatabase, open_database
from source.adapters.storage.operation import Barrier, CatchUp, Operation
from source.adapters.storage.write_operations import (
    Accept,
    Amend,
    BeginSending,
    Change,
    CommitTurn,
    Compact,
    Correct,
    MarkDelivered,
    NoteNotSent,
    NoteSeen,
    NoteSent,
    PutFeedback,
    RenameTranscript,
    Restore,
)
from source.adapters.storage.writer import GroupCommitWriter
from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import StoreUnavailableError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import (
    AcceptedEvent,
    Feedback,
    InboundMessage,
    SaidMessage,
    SentPart,
    TurnRecord,
    UndeliveredReply,
)
from source.ports.clock import Clock
from source.ports.store import ConversationListing, Scope, SearchHit, ThreadStatistics

_CONVERSATIONS_A_STEP = 20

P = ParamSpec("P")
T = TypeVar("T")


class SqlStore:
    """Implements every store port; the caller owns the folder's lock unless the store is opened read-only.

    `ids` never hands out an id that the store has.
    """

    def __init__(self, database: OpenDatabase, readers: ThreadPoolExecutor, clock: Clock) -> None:
        self.ids = database.ids
        self._engine = database.reading
        self._patience = database.patience
        self._readers = readers
        self._writer = GroupCommitWriter(database.target) if database.target else None
        self._has_deferred_index = database.has_deferred_index
        self._clock = clock
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        url_or_path: str | Path,
        *,
        clock: Clock,
        durability: Durability = "full",
        read_only: bool = False,
        is_owner: bool = False,
    ) -> "SqlStore":
        """Open the database; unless read-only, make it and bring its tables up to date.

        Who owns a data folder `is_owner`: a database on a server has one at a time, beside others that write.

        Raises: FolderInUseError, StoreUnavailableError, StoreDamagedError, StoreVersionError, SettingsError.
        """
        named = database_named(url_or_path)
        readers = ThreadPoolExecutor(READERS, thread_name_prefix="echo-reader")
        try:
            opening = partial(open_database, named, clock, durability, read_only=read_only, is_owner=is_owner)
            opened = await asyncio.get_running_loop().run_in_executor(readers, opening)
        except BaseException:
            readers.shutdown(wait=False)
            raise
        return cls(opened, readers, clock)

    async def close(self) -> None:
        """Commit what was handed over and close everything; twice is once."""
        if self._is_closed:
            return
        self._is_closed = True
        # Readers first: SQLite empties its log into the database when the last connection goes, if that one may write.
        await asyncio.get_running_loop().run_in_executor(None, self._close_readers)
        if self._writer is not None:
            await self._writer.close()

    def _close_readers(self) -> None:
        self._readers.shutdown()
        self._engine.dispose()

    async def accept(self, inbound: InboundMessage) -> AcceptedEvent | None:
        now = self._clock.now()
        event = AcceptedEvent(self.ids.next(now), inbound, now)
        return event if await self.write(Accept(event)) else None

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        return await self.write(CommitTurn(record))

    async def rename_transcript(self, conversation_id: int, filename: str) -> None:
        await self.write(RenameTranscript(conversation_id, filename))

    async def mark_delivered(self, keys: Sequence[int]) -> None:
        """Hand the note over; it is on disk with the next commit, or a moment later."""
        self._writing().submit_later(MarkDelivered(tuple(keys)))

    async def unanswered(self, *, platform: Platform | None = None) -> list[AcceptedEvent]:
        return await self.read(event_reading.unanswered, platform)

    async def undelivered(self, thread: ThreadKey | None = None) -> list[UndeliveredReply]:
        return await self._read_own_notes(event_reading.undelivered, thread)

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        return await self._read_own_notes(channel_reading.find, platform, external_id)

    async def amend(self, platform: Platform, event_id: str, text: str | None) -> AcceptedEvent | None:
        return await self.write(Amend(platform, event_id, text))

    async def correct(self, conversation_id: int, message: Message) -> None:
        await self.write(Correct(conversation_id, message))

    async def begin_sending(self, platform: Platform, part: SentPart) -> None:
        await self.write(BeginSending(platform, part))

    def note_sent(self, platform: Platform, part: SentPart, *, begun_as: str | None = None) -> None:
        self._writing().submit_later(NoteSent(platform, part, begun_as))

    def note_not_sent(self, platform: Platform, part: SentPart) -> None:
        self._writing().submit_later(NoteNotSent(platform, part))

    async def unfinished_parts(self, platform: Platform) -> list[SentPart]:
        return await self._read_own_notes(channel_reading.unfinished_parts, platform)

    async def is_accepted(self, platform: Platform, event_id: str) -> bool:
        return await self.read(channel_reading.is_accepted, platform, event_id)

    async def reply_to_event(self, key: int) -> SaidMessage | None:
        return await self.read(channel_reading.reply_to_event, key)

    async def seen(self, platform: Platform) -> dict[str, str]:
        return await self._read_own_notes(channel_reading.seen, platform)

    def note_seen(self, platform: Platform, last: Mapping[str, str | None]) -> None:
        self._writing().submit_later(NoteSeen(platform, dict(last)))

    async def put_feedback(self, feedback: Feedback) -> None:
        await self.write(PutFeedback(feedback))

    async def thread_statistics(self, thread: ThreadKey) -> ThreadStatistics:
        return await self.read(statistics_reading.thread_statistics, thread)

    async def tokens_since(self, platform: Platform, since: datetime) -> dict[str, int]:
        return await self.read(statistics_reading.tokens_since, platform, since)

    async def active(self, thread: ThreadKey) -> StoredConversation | None:
        return await self.read(read_queries.active, thread)

    async def load(self, conversation_id: int) -> StoredConversation | None:
        return await self.read(read_queries.load, conversation_id)

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        return await self.read(read_queries.latest, thread)

    async def listing(
        self, *, scope: Scope | None = None, thread: ThreadKey | None = None, limit: int = 50, offset: int = 0
    ) -> list[ConversationListing]:
        return await self.read(read_queries.listing, scope, thread, limit, offset)

    async def search(self, words: str, *, scope: Scope | None = None, limit: int = 10) -> list[SearchHit]:
        if self._writer is not None and self._has_deferred_index:
            await self._catch_up(self._writer)
        return await self.read(search_reading.search, words, scope, limit, with_tail=self._writer is None)

    async def every_conversation(self) -> AsyncGenerator[StoredConversation]:
        after = 0
        while found := await self.read(read_queries.following, after, _CONVERSATIONS_A_STEP):
            for conversation in found:
                yield conversation
            after = found[-1].head.conversation_id

    async def count(self) -> int:
        return await self.read(read_queries.count)

    async def restore(self, conversations: Sequence[StoredConversation]) -> None:
        await self.write(Restore(tuple(conversations)))

    async def _catch_up(self, writer: GroupCommitWriter) -> None:
        """Have everything indexed that was committed before now; other writes go on between the steps."""
        progress = await writer.submit(CatchUp())
        last = progress.last
        while progress.reached < last:
            progress = await writer.submit(CatchUp())

    async def change(self, apply: Callable[[Connection, datetime], T]) -> T:
        """As in `SqlAccess`."""
        return await self.write(Change(apply))

    async def compact(self) -> None:
        """Write an SQLite file anew, without what was deleted; other writes wait, about a second for each 100 MB."""
        await self.write(Compact())

    async def write(self, operation: Operation[T]) -> T:
        """As in `OperationAccess`."""
        return await self._writing().submit(operation)

    def _writing(self) -> GroupCommitWriter:
        if self._writer is None:
            raise StoreUnavailableError("the store was opened for reading only")
        return self._writer

    async def _read_own_notes(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read once everything is on disk that was handed over without waiting."""
        if self._writer is not None:
            await self._writer.submit(Barrier())
        return await self.read(query, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def once() -> T:
            with self._engine.connect() as connection:
                return query(connection, *args, **kwargs)

        def run() -> T:
            with store_errors():
                return self._patience.run(once)

        if self._is_closed:
            raise StoreUnavailableError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, run)
