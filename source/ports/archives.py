"""Conversations that were put away, and where their transcripts are kept."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.thread import ThreadKey, ThreadRef


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that are kept under a name."""

    name: str
    size_bytes: int


class BlobStorage(Protocol):
    """Bytes by name, on a disk or in a cloud.

    Raises: ArchiveUnavailableError: it may work later. A name is that of a file, without a folder.
    """

    @property
    def url(self) -> str:
        """Where this is; the location of what is kept here is `url/name`."""
        ...

    async def put(self, name: str, data: bytes) -> None:
        """Keep the bytes, whole or not at all; what had that name is replaced."""
        ...

    async def get(self, name: str) -> bytes | None:
        """Return the bytes; None when there are none of that name."""
        ...

    async def delete(self, name: str) -> None:
        """Remove the bytes; there may be none."""
        ...

    def listed(self) -> AsyncIterator[Blob]:
        """Everything that is kept, in no particular order."""
        ...


class Compression(Protocol):
    """Makes bytes smaller, and gives them back; plain functions that take the processor for a while."""

    def compress(self, data: bytes) -> bytes:
        """Return the same bytes for the same data."""
        ...

    def decompress(self, data: bytes, *, max_bytes: int) -> bytes:
        """Give back what was compressed.

        Raises: ArchiveDamagedError: it is not whole, or larger than that.
        """
        ...


@dataclass(frozen=True, slots=True)
class Archive:
    """A transcript that was put away; `sha256` is that of its plain bytes, of which there are `size_bytes`.

    An empty `sha256` says that the conversation was changed since: the transcript has to be put away again.
    """

    conversation_id: int
    location: str
    is_compressed: bool
    sha256: str
    size_bytes: int
    stored_bytes: int
    message_count: int
    reason: str
    archived_by: str
    archived_at: datetime


@dataclass(frozen=True, slots=True)
class ArchivedConversation:
    """An archive and the head of its conversation."""

    archive: Archive
    head: ConversationHead


@dataclass(frozen=True, slots=True)
class ArchiveRule:
    """Which conversations are old enough: last spoken in before `inactive_before`, or begun before `begun_before`
    and not active any more; None: never for that reason.

    What was recalled `often` since `recalled_since` stays.
    """

    inactive_before: datetime | None
    begun_before: datetime | None
    recalled_since: datetime
    often: int = 3

    def covers(self, head: ConversationHead) -> bool:
        """Whether the conversation is old enough, as far as its head tells."""
        if self.inactive_before is not None and head.last_activity < self.inactive_before:
            return True
        return self.begun_before is not None and not head.is_active and head.created_at < self.begun_before


class ArchiveStore(Protocol):
    """What is archived, and what is due.

    Raises: StoreError.
    """

    async def due(self, rule: ArchiveRule, *, limit: int = 10_000) -> list[int]:
        """Return the conversations to archive, the oldest first; what is starred, often recalled or has open issues
        in its memory stays.
        """
        ...

    async def is_due(self, conversation_id: int, rule: ArchiveRule) -> bool:
        """Whether `due` would return this conversation now."""
        ...

    async def note_archived(
        self, archive: Archive, *, seen: StoredConversation, rule: ArchiveRule | None = None
    ) -> None:
        """Note that an ended conversation is archived, in one transaction; of its head only the state changes.

        Raises: StoreConflictError: the conversation is not as it was `seen`, or not due by the `rule` (any more);
            nothing was changed.
        """
        ...

    async def note_restored(self, conversation_id: int, *, filename: str) -> None:
        """Note that a conversation is ended, not archived, and where its transcript is; in one transaction."""
        ...

    async def put_archive(self, archive: Archive, *, seen: StoredConversation) -> None:
        """Note how an archived conversation is kept now, in place of what was known of that.

        Raises: StoreConflictError: the conversation is not as it was `seen`; nothing was changed.
        """
        ...

    async def archive_of(self, conversation_id: int) -> Archive | None: ...

    async def archived(
        self, *, before: datetime | None = None, compressed: bool | None = None, limit: int = 50, offset: int = 0
    ) -> list[ArchivedConversation]:
        """Return archives, the latest first; with `before` those archived earlier."""
        ...

    async def count_archived(self) -> int: ...

    async def head_of(self, conversation_id: int) -> ConversationHead | None: ...

    async def conversations_of(self, threads: Sequence[ThreadKey]) -> dict[ThreadKey, list[int]]:
        """Return all conversations of these threads; a thread that is not known is left out."""
        ...

    async def threads_named(self, thread_id: str) -> list[ThreadRef]:
        """Return the threads that have this id on their platform; two platforms may share one."""
        ...

    async def delete_conversations(self, conversation_ids: Sequence[int]) -> int:
        """Delete conversations with everything of theirs, searches included; return how many there were.

        This is the store's part alone: `services.deletion` reaches transcripts, archives and process memory too.
        """
        ...


@dataclass(frozen=True, slots=True)
class SpaceFreed:
    """What a round of housekeeping made of the database's size."""

    before_bytes: int
    after_bytes: int


class HousekeepingStore(Protocol):
    """What the clean-up asks of the store.

    Raises: StoreError.
    """

    async def archived_before(self, moment: datetime, *, limit: int = 10_000) -> list[int]:
        """Return the conversations that were archived before then, the oldest archive first."""
        ...

    async def plain_archives(self, before: datetime, *, limit: int = 10_000) -> list[int]:
        """Return the conversations archived before then whose archive is not compressed."""
        ...

    async def unsettled_archives(self, *, limit: int = 10_000) -> list[int]:
        """Return archived conversations whose archive is not known, or was made before they were changed."""
        ...

    async def archived_filenames(self, *, after: int = 0, limit: int = 1_000) -> list[tuple[int, str]]:
        """Return the next archived conversations by id, and the names that their transcripts had."""
        ...

    async def locations(self, conversation_ids: Sequence[int]) -> dict[int, str]:
        """Return where the archives of these conversations are."""
        ...

    async def delete_orphans(self) -> Mapping[str, int]:
        """Delete rows that belong to nothing any more; return how many of each kind."""
        ...

    async def delete_answers(self, before: datetime) -> int:
        """Forget answers to repeated requests from before then; return how many."""
        ...

    async def delete_deliveries(self, before: datetime) -> int:
        """Forget that something was delivered by a webhook before then and seen to; return how many."""
        ...

    async def give_back_space(self, *, within: timedelta) -> SpaceFreed:
        """Give unused space back to the disk and refresh the statistics that queries are planned by.

        Other writes go on meanwhile; what takes longer is left to the next round.
        """
        ...
