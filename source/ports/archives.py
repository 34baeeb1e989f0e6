"""Conversations that were put away, and where their transcripts are kept."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.conversation_head import ConversationHead
from source.domain.thread import ThreadKey, ThreadRef


class BlobStorage(Protocol):
    """Bytes by name, on a disk or in a cloud.

    Raises: ArchiveUnavailableError: it may work later. Names are relative paths with `/`.
    """

    async def put(self, name: str, data: bytes) -> None:
        """Keep the bytes, whole or not at all; what had that name is replaced."""
        ...

    async def get(self, name: str) -> bytes | None:
        """Return the bytes; None when there are none of that name."""
        ...

    async def delete(self, name: str) -> None:
        """Remove the bytes; there may be none."""
        ...

    def names(self) -> AsyncIterator[str]:
        """Every name, in no particular order."""
        ...


@dataclass(frozen=True, slots=True)
class Archive:
    """A transcript that was put away; `sha256` is that of its plain bytes, of which there are `size_bytes`."""

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
    and not active any more.
    """

    inactive_before: datetime
    begun_before: datetime


class ArchiveStore(Protocol):
    """What is archived, and what is due.

    Raises: StoreError.
    """

    async def due(self, rule: ArchiveRule, *, limit: int = 10_000) -> list[int]:
        """Return the conversations to archive, the oldest first; what is starred, often recalled or has open issues
        in its memory stays.
        """
        ...

    async def note_archived(self, archive: Archive, head: ConversationHead, *, seen: ConversationHead) -> None:
        """Note the archive and its conversation's new head in one transaction.

        Raises: StoreConflictError: the conversation is not as it was `seen`; nothing was changed.
        """
        ...

    async def note_restored(self, head: ConversationHead) -> None:
        """Note the head of a restored conversation and drop its archive's row in one transaction."""
        ...

    async def replace_archive(self, archive: Archive) -> None:
        """Note that an archive is kept in another way now."""
        ...

    async def archive_of(self, conversation_id: int) -> Archive | None: ...

    async def archived(
        self, *, before: datetime | None = None, compressed: bool | None = None, limit: int = 50, offset: int = 0
    ) -> list[ArchivedConversation]:
        """Return archives, the latest first; with `before` those archived earlier."""
        ...

    async def count_archived(self) -> int: ...

    async def conversations_of(self, threads: Sequence[ThreadKey]) -> dict[ThreadKey, list[int]]:
        """Return all conversations of these threads; a thread that is not known is left out."""
        ...

    async def threads_named(self, thread_id: str) -> list[ThreadRef]:
        """Return the threads that have this id on their platform; two platforms may share one."""
        ...

    async def delete_conversations(self, conversation_ids: Sequence[int]) -> int:
        """Delete conversations with everything of theirs, searches included; return how many there were."""
        ...
