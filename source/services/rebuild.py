"""The store from the transcripts, or the transcripts from the store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Final, Protocol

from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import TranscriptDamagedError, TranscriptForeignError, TranscriptMissingError
from source.domain.transcript import encode_transcript
from source.ports.files import TranscriptEntry, TranscriptFiles
from source.ports.store import RestoringStore
from source.services.rebuild_report import RebuildReport, Tally
from source.services.rebuild_restoration import Restoration

__all__ = ["Progress", "Rebuild", "RebuildReport"]

Progress = Callable[[int, int | None], None]

_FILES_AT_ONCE: Final = 16
_FILES_BETWEEN_PROGRESS: Final = 100


def _no_progress(_done: int, _total: int | None) -> None:
    pass


class RebuiltArchive(Protocol):
    """The archive as a rebuild needs it; both methods may raise ArchiveUnavailableError."""

    def entries(self) -> AsyncIterator[TranscriptEntry]:
        """Every archived transcript, bad ones as problems."""
        ...

    async def put_right(self, conversation_id: int) -> bool:
        """Have the archive of a conversation as the store has it; whether it had to be written."""
        ...


class Rebuild:
    """Restores either home of the conversations from the other; run again after a kill, it goes on.

    `progress` is told how many conversations or files are done, and of how many when that is known.
    """

    def __init__(self, store: RestoringStore, files: TranscriptFiles, archive: RebuiltArchive) -> None:
        self._store = store
        self._files = files
        self._archive = archive

    async def from_store(self, progress: Progress = _no_progress) -> RebuildReport:
        """Write every conversation's transcript that is missing or differs from the store.

        Raises: StoreError, TranscriptUnwritableError; what was written until then is whole.
        """
        total, tally = await self._store.count(), Tally()
        batch: list[StoredConversation] = []
        async for conversation in self._store.every_conversation():
            batch.append(conversation)
            if len(batch) == _FILES_AT_ONCE:
                await self._write(batch, tally)
                progress(tally.done, total)
                batch = []
        await self._write(batch, tally)
        progress(tally.done, total)
        return tally.report()

    async def from_transcripts(self, progress: Progress = _no_progress) -> RebuildReport:
        """Restore every readable transcript to the store; bad files are reported and left alone.

        One in the folder counts before one in the archive: while one takes the other's place there may be both.
        Raises: StoreError, ArchiveUnavailableError; the conversations of earlier transactions are restored.
        """
        tally, files = Tally(), 0
        restoration = Restoration(self._store, tally, store_is_empty=not await self._store.count())
        archived: list[int] = []
        async for entry in self._every_entry():
            files += 1
            if entry.conversation is None:
                tally.skip(entry.filename, str(entry.problem))
            else:
                await restoration.add(entry.conversation)
                if entry.conversation.head.state is ConversationState.ARCHIVED:
                    archived.append(entry.conversation.head.conversation_id)
            if not files % _FILES_BETWEEN_PROGRESS:
                progress(files, None)
        await restoration.flush()
        for conversation_id in archived:
            await self._archive.put_right(conversation_id)
        progress(files, files)
        return tally.report()

    async def _every_entry(self) -> AsyncIterator[TranscriptEntry]:
        async for entry in self._files.entries():
            yield entry
        async for entry in self._archive.entries():
            yield entry

    async def _write(self, conversations: Sequence[StoredConversation], tally: Tally) -> None:
        names = await _all_of([self._put_right(conversation) for conversation in conversations])
        written = [name for name in names if name is not None]
        tally.written += len(written)
        tally.unchanged += len(names) - len(written)
        await self._store_names(conversations, names)

    async def _put_right(self, conversation: StoredConversation) -> str | None:
        """Return the name of the file that had to be written; None when it was right already."""
        head = conversation.head
        if head.state is ConversationState.ARCHIVED:
            was_written = await self._archive.put_right(head.conversation_id)
            was_in_folder = await self._files.take_away(head, b"")
            return head.filename if was_written or was_in_folder else None
        return None if await self._is_right(conversation) else await self._files.save(conversation)

    async def _is_right(self, conversation: StoredConversation) -> bool:
        try:
            found = await self._files.load(conversation.head.filename)
        except (TranscriptMissingError, TranscriptDamagedError, TranscriptForeignError):
            return False
        return encode_transcript(found) == encode_transcript(conversation)

    async def _store_names(self, conversations: Sequence[StoredConversation], names: Sequence[str | None]) -> None:
        """Tell the store which conversations are now in a file of another name than it knew."""
        renamed = [
            replace(conversation, head=replace(conversation.head, filename=name))
            for conversation, name in zip(conversations, names, strict=True)
            if name not in {None, conversation.head.filename}
        ]
        if renamed:
            await self._store.restore(renamed)


async def _all_of(writes: Sequence[Coroutine[object, object, str | None]]) -> list[str | None]:
    """Wait for all of them, then raise the first error: none is left running behind its caller's back."""
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    names: list[str | None] = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        names.append(outcome)
    return names
