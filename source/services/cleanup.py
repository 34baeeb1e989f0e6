"""Tidies up: what is too old goes everywhere, what belongs to nothing goes, what is behind is put right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from source.domain.archive_name import archive_names, conversation_in
from source.domain.conversation_head import ConversationHead, ConversationState
from source.ports.archives import ArchiveStore, Blob, HousekeepingStore, SpaceFreed
from source.ports.clock import Clock
from source.ports.tasks import TaskStore
from source.services.archive_mending import ArchiveMending, Mended
from source.services.archived_transcripts import ArchivedTranscripts
from source.services.conversation_manager import InMemoryConversationManager
from source.services.deletion import Deletion
from source.services.transcript_home import TranscriptHome

log = structlog.get_logger(__name__)

_TASKS_KEPT: Final = timedelta(days=30)
# What is not acknowledged comes again for a week at the most.
_DELIVERIES_KEPT: Final = timedelta(days=30)
_ANSWERS_KEPT: Final = timedelta(days=1)
_BLOBS_AT_ONCE: Final = 500
_TASKS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class CleanupParts:
    """What the clean-up works with."""

    store: ArchiveStore
    housekeeping: HousekeepingStore
    tasks: TaskStore
    archived: ArchivedTranscripts
    mending: ArchiveMending
    home: TranscriptHome
    deletion: Deletion
    manager: InMemoryConversationManager
    clock: Clock


@dataclass(frozen=True, slots=True)
class BlobsRemoved:
    """What was found in the archive storage without belonging there; `unknown` is left alone."""

    removed: int = 0
    freed_bytes: int = 0
    unknown: int = 0


class Cleanup:
    """The steps of a clean-up; each may be done again, and does the rest then."""

    def __init__(self, parts: CleanupParts) -> None:
        self._store = parts.store
        self._housekeeping = parts.housekeeping
        self._tasks = parts.tasks
        self._archived = parts.archived
        self._mending = parts.mending
        self._home = parts.home
        self._deletion = parts.deletion
        self._manager = parts.manager
        self._clock = parts.clock

    async def expired(self, retention: timedelta) -> list[int]:
        """Return the conversations that were archived so long ago that they are to be deleted."""
        return await self._housekeeping.archived_before(self._clock.now() - retention)

    async def delete_expired(self, conversation_id: int, retention: timedelta) -> int | None:
        """Delete an archived conversation everywhere, unless it was brought back (None); return the bytes freed
        outside of the database. Of one that is gone already, as when this was cut off after it, they are 0.

        Raises: ArchiveUnavailableError, TranscriptError, StoreError: the store still has it.
        """
        if await self._store.head_of(conversation_id) is None:
            return 0
        archive = await self._store.archive_of(conversation_id)
        if archive is None or archive.archived_at >= self._clock.now() - retention:
            return None
        return archive.stored_bytes if await self._deletion.delete(conversation_id) else None

    async def plain(self, older_than: timedelta) -> list[int]:
        """Return the conversations whose archive is not compressed although it has been there so long."""
        return await self._housekeeping.plain_archives(self._clock.now() - older_than)

    async def unsettled(self) -> list[int]:
        """Return archived conversations of whose archive nothing is known, or that were corrected since."""
        return await self._housekeeping.unsettled_archives()

    async def mend(self, conversation_id: int, *, compress: bool | None = None) -> tuple[Mended, int]:
        """Put an archive right; return what came of it and the bytes freed."""
        before = await self._store.archive_of(conversation_id)
        mended = await self._mending.mend(conversation_id, compress=compress)
        after = await self._store.archive_of(conversation_id)
        freed = before.stored_bytes - after.stored_bytes if before and after else 0
        return mended, max(0, freed)

    async def remove_leftover_files(self) -> int:
        """Remove files of archived conversations; return how many.

        Only once the archive is known to be right: a file that lies there may be the last copy of what it holds.
        """
        names = {entry.filename async for entry in self._home.entries()}
        removed = after = 0
        while found := await self._housekeeping.archived_filenames(after=after):
            for conversation_id, filename in found:
                if filename in names:
                    removed += await self._remove_leftover_file(conversation_id)
            after = found[-1][0]
        return removed

    async def remove_orphan_blobs(self) -> BlobsRemoved:
        """Remove copies in the archive storage that no archive points to.

        What is of no conversation that the store knows stays: it may be all that is left of a lost database, or
        another Echo's; so does what is not called as Echo calls archives, unread.
        """
        total = BlobsRemoved()
        batch: list[Blob] = []
        async for blob in self._archived.listed():
            batch.append(blob)
            if len(batch) == _BLOBS_AT_ONCE:
                total = _sum(total, await self._remove_orphans_of(batch))
                batch = []
        return _sum(total, await self._remove_orphans_of(batch))

    async def delete_rows(self) -> Mapping[str, int]:
        """Delete rows that belong to nothing, old tasks and old answers; return how many of each kind."""
        now = self._clock.now()
        deleted = dict(await self._housekeeping.delete_orphans())
        deleted["answers"] = await self._housekeeping.delete_answers(now - _ANSWERS_KEPT)
        deleted["webhook_deliveries"] = await self._housekeeping.delete_deliveries(now - _DELIVERIES_KEPT)
        deleted["tasks"] = await self._delete_tasks()
        return deleted

    async def _delete_tasks(self) -> int:
        before, deleted = self._clock.now() - _TASKS_KEPT, 0
        while gone := await self._tasks.delete_finished(before, _TASKS_AT_ONCE):
            deleted += gone
        return deleted

    async def give_back_space(self, *, within: timedelta) -> SpaceFreed:
        """Give the database's unused space back to the disk, and have its statistics refreshed."""
        return await self._housekeeping.give_back_space(within=within)

    async def _remove_leftover_file(self, conversation_id: int) -> bool:
        head = await self._store.head_of(conversation_id)
        if head is None:
            return False
        async with self._manager.hold(head.thread.key):
            async with self._archived.soon():
                if await self._mending.mend(conversation_id) is Mended.NOT_ARCHIVED:
                    return False
            async with self._home.moving(conversation_id):
                return await self._home.clear(head)

    async def _remove_orphans_of(self, blobs: Sequence[Blob]) -> BlobsRemoved:
        owners = {blob.name: conversation_in(blob.name) for blob in blobs}
        known = await self._housekeeping.locations([owner for owner in owners.values() if owner is not None])
        total = BlobsRemoved()
        for blob in blobs:
            owner = owners[blob.name]
            location = self._archived.location_of(blob.name)
            if owner is None or known.get(owner) != location:
                total = _sum(total, await self._remove_orphan(blob, owner, location))
        return total

    async def _remove_orphan(self, blob: Blob, owner: int | None, location: str) -> BlobsRemoved:
        head = None if owner is None else await self._store.head_of(owner)
        if head is None or blob.name not in archive_names(head):
            return BlobsRemoved(unknown=1)
        # Whoever archives holds the thread: what is being put there at this moment is noted when it is ours.
        async with self._manager.hold(head.thread.key), self._mending.alone(head.conversation_id):
            if not await self._is_superfluous(head, location):
                return BlobsRemoved()
            async with self._archived.soon():
                await self._archived.remove(location)
        log.info("orphan_removed", conversation_id=head.conversation_id, location=location)
        return BlobsRemoved(removed=1, freed_bytes=blob.size_bytes)

    async def _is_superfluous(self, head: ConversationHead, location: str) -> bool:
        present = await self._store.head_of(head.conversation_id)
        archive = await self._store.archive_of(head.conversation_id)
        if present is None:
            return False
        if present.state is ConversationState.ARCHIVED:  # one of which nothing is known may be this very copy
            return archive is not None and archive.location != location
        return True


def _sum(one: BlobsRemoved, other: BlobsRemoved) -> BlobsRemoved:
    return BlobsRemoved(one.removed + other.removed, one.freed_bytes + other.freed_bytes, one.unknown + other.unknown)
