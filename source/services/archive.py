"""Puts conversations away and brings them back: the one way in which that happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.errors import RefusedInputError, StoreConflictError
from source.ports.archives import ArchiveRule
from source.ports.clock import Clock
from source.services.archive_mending import MOST_ATTEMPTS, MendedStore, archive_from
from source.services.archive_returns import ArchiveReturns, Returned
from source.services.archived_transcripts import ArchivedTranscripts
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.transcript_home import TranscriptHome

log = structlog.get_logger(__name__)

GONE = "That conversation has just been deleted."
_RECALLED_WITHIN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """What is archived by itself, and how; None: never for that reason."""

    ended_after: timedelta | None = timedelta(days=90)
    inactive_after: timedelta | None = timedelta(days=60)
    compress: bool = True

    def rule(self, now: datetime) -> ArchiveRule:
        """Return which conversations are old enough now."""
        return ArchiveRule(
            inactive_before=now - self.inactive_after if self.inactive_after else None,
            begun_before=now - self.ended_after if self.ended_after else None,
            recalled_since=now - _RECALLED_WITHIN,
        )


@dataclass(frozen=True, slots=True)
class ArchiveRequest:
    """Who wants something archived, and why; without `compress` as the settings say.

    With a `rule` only what is still due by it is archived: somebody may have spoken there meanwhile, or starred it.
    """

    by: str
    reason: str = ""
    compress: bool | None = None
    rule: ArchiveRule | None = None


class Archived(StrEnum):
    """What came of a request."""

    ARCHIVED = "archived"
    ALREADY = "archived already"
    IN_USE = "in use again"


class Ending(Protocol):
    """Ends running conversations."""

    async def end(self, seat: Seat) -> None:
        """End the seat's conversation, with its summary; it leaves memory."""
        ...


@dataclass(frozen=True, slots=True)
class ArchiveParts:
    """What archiving works with."""

    store: MendedStore
    archived: ArchivedTranscripts
    home: TranscriptHome
    returns: ArchiveReturns
    manager: InMemoryConversationManager
    ending: Ending
    clock: Clock


class ArchiveService:
    """Archives, restores, and knows what is due.

    What is cut off anywhere leaves a conversation that is whole and either archived or not; the rest, such as a copy
    in the storage that nobody knows of, the next try or the clean-up puts right.
    """

    def __init__(self, parts: ArchiveParts, settings: ArchiveSettings) -> None:
        self._store = parts.store
        self._archived = parts.archived
        self._home = parts.home
        self._returns = parts.returns
        self._manager = parts.manager
        self._ending = parts.ending
        self._clock = parts.clock
        self._settings = settings

    def now(self) -> datetime:
        return self._clock.now()

    def rule(self) -> ArchiveRule:
        """Return which conversations are old enough now by the settings."""
        return self._settings.rule(self._clock.now())

    async def due(self, rule: ArchiveRule) -> list[int]:
        """Return the conversations that are to be archived by a rule."""
        return await self._store.due(rule)

    async def check(self) -> None:
        """Ask the archive storage something.

        Raises: ArchiveUnavailableError: it does not answer, or refuses; the sentence says what to do.
        """
        await self._archived.check()

    async def archived_of(self, conversation_ids: Sequence[int]) -> list[int]:
        """Return those that are archived, and those that there are not: of these it is to be said."""
        heads = {each: await self._store.head_of(each) for each in conversation_ids}
        return [each for each, head in heads.items() if head is None or head.state is ConversationState.ARCHIVED]

    async def was_archived(self, conversation_id: int, since: datetime) -> bool:
        """Whether the conversation has been archived since then."""
        archive = await self._store.archive_of(conversation_id)
        return archive is not None and archive.archived_at >= since

    async def archive(self, conversation_id: int, request: ArchiveRequest) -> Archived:
        """Archive a conversation once its thread's running turn has ended.

        Raises: RefusedInputError: there is none. ArchiveUnavailableError, StoreError, TranscriptError: it is not
            archived; a running one may have been ended.
        """
        while True:
            head = await self._head(conversation_id)
            if head.is_active:
                async with self._manager.turn(head.thread) as seat:
                    return await self.archive_in(seat, conversation_id, request)
            async with self._manager.hold(head.thread.key):
                outcome = await self._put_away(conversation_id, request)
            if outcome is not None:
                return outcome

    async def archive_in(self, seat: Seat, conversation_id: int, request: ArchiveRequest) -> Archived:
        """As `archive`, for who holds the conversation's thread with a turn."""
        running = seat.conversation
        if running is not None and running.conversation_id == conversation_id:
            if not await self._is_wanted(running.head, request):
                return Archived.IN_USE
            await self._ending.end(seat)
        return await self._put_away(conversation_id, request) or Archived.IN_USE

    async def restore(self, conversation_id: int) -> Returned:
        """Bring a conversation back among the ended ones.

        Raises: RefusedInputError: there is none. ArchiveUnavailableError, StoreError, TranscriptError: it is still
            archived.
        """
        head = await self._head(conversation_id)
        async with self._manager.hold(head.thread.key):
            return await self.restore_in_hold(conversation_id)

    async def restore_in_hold(self, conversation_id: int) -> Returned:
        """As `restore`, for who holds the conversation's thread."""
        returned = await self._returns.bring_back(conversation_id)
        if returned is None:
            raise RefusedInputError(GONE)
        return returned

    async def _head(self, conversation_id: int) -> ConversationHead:
        head = await self._store.head_of(conversation_id)
        if head is None:
            raise RefusedInputError(GONE)
        return head

    async def _put_away(self, conversation_id: int, request: ArchiveRequest) -> Archived | None:
        """Archive a conversation whose thread is held; None: it is running."""
        # A copy that still waits to be written may know more than the store.
        await self._manager.settle(conversation_id)
        for _ in range(MOST_ATTEMPTS):
            stored = await self._store.load(conversation_id)
            if stored is None:
                raise RefusedInputError(GONE)
            if stored.head.is_active:
                return None
            if stored.head.state is ConversationState.ARCHIVED:
                await self._home.clear(stored.head)
                return Archived.ALREADY
            if not await self._is_wanted(stored.head, request):
                return Archived.IN_USE
            try:
                await self._put_away_as(stored, request)
            except StoreConflictError:  # somebody corrected a message of it at this very moment
                continue
            return Archived.ARCHIVED
        raise StoreConflictError("it was changed again and again while it was archived: try again")

    async def _is_wanted(self, head: ConversationHead, request: ArchiveRequest) -> bool:
        """Whether it is due still, by what memory knows and by what the store knows."""
        rule = request.rule
        return rule is None or (rule.covers(head) and await self._store.is_due(head.conversation_id, rule))

    async def _put_away_as(self, stored: StoredConversation, request: ArchiveRequest) -> None:
        content = await self._home.content_of(stored)
        compress = self._settings.compress if request.compress is None else request.compress
        async with self._archived.soon():
            kept = await self._archived.put(stored.head, content, compress=compress)
        archive = archive_from(kept, stored, reason=request.reason, by=request.by, at=self._clock.now())
        await self._home.put_away(archive, seen=stored, content=content, rule=request.rule)
        log.info("conversation_archived", conversation_id=archive.conversation_id, stored_bytes=archive.stored_bytes)
