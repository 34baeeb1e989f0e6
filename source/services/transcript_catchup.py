"""Brings transcripts up to date that a crash left behind the store."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import TranscriptError
from source.domain.transcript import encode_transcript
from source.ports.files import TranscriptFiles, WrittenTranscripts
from source.ports.store import ConversationCatalog

log = structlog.get_logger(__name__)

_STEP: Final = 20
# A conversation may go on while it is mended; after so many times its own next save is left to do it.
_MOST_ATTEMPTS: Final = 3


class CaughtUpStore(ConversationCatalog, Protocol):
    """What the transcripts are compared with, and told where they are."""

    async def rename_transcript(self, conversation_id: int, filename: str) -> None:
        """As in `ConversationStore`."""
        ...


class TranscriptCatchUp:
    """Compares transcripts with the store: those that the last process may have left behind, and the newest.

    However often it is cut off, what it has not come to is not forgotten.
    """

    def __init__(self, store: CaughtUpStore, files: TranscriptFiles, written: WrittenTranscripts) -> None:
        self._store = store
        self._files = files
        self._written = written
        self._is_done = False

    async def run(self) -> int:
        """Write what is missing or older than the store; return how many had to be.

        Raises: StoreError; TranscriptUnwritableError.
        """
        unwritten = await self._written.unwritten()
        mended = 0
        for start in range(0, len(unwritten.conversation_ids), _STEP):
            some = unwritten.conversation_ids[start : start + _STEP]
            mended += await self._mend_all(some)
            await self._written.note_written({key: unwritten.changes[key] for key in some if key in unwritten.changes})
        await self._written.note_written({}, up_to=unwritten.up_to)
        mended += await self._mend_newest()
        self._is_done = True
        if mended:
            log.info("transcripts_caught_up", written=mended)
        return mended

    async def finish(self) -> None:
        """Note that no transcript is behind, once everything is written and nothing goes on; unless one may be.

        Raises: StoreError.
        """
        if self._is_done:
            await self._written.note_all_written()

    async def _mend_newest(self) -> int:
        """Mend the newest while there is anything to mend: their files may be gone or come from a backup."""
        mended = offset = 0
        while True:
            latest = await self._store.listing(limit=_STEP, offset=offset)
            some = await self._mend_all([listing.conversation_id for listing in latest])
            mended += some
            offset += len(latest)
            if not some or len(latest) < _STEP:
                return mended

    async def _mend_all(self, conversation_ids: Sequence[int]) -> int:
        return sum([await self._mend(each) for each in conversation_ids])

    async def _mend(self, conversation_id: int) -> bool:
        """Write the transcript until it agrees with the store; return whether it had to be written."""
        for attempt in range(_MOST_ATTEMPTS):
            stored = await self._store.load(conversation_id)
            # What is archived was written and read back before it was called so.
            is_archived = stored is not None and stored.head.state is ConversationState.ARCHIVED
            if stored is None or is_archived or await self._is_current(stored):
                return attempt > 0
            name = await self._files.save(stored)
            if name != stored.head.filename:
                await self._store.rename_transcript(conversation_id, name)
        return True

    async def _is_current(self, stored: StoredConversation) -> bool:
        try:
            found = await self._files.load(stored.head.filename)
        except TranscriptError:
            return False
        return await asyncio.to_thread(_say_the_same, found, stored)


def _say_the_same(found: StoredConversation, stored: StoredConversation) -> bool:
    return encode_transcript(found) == encode_transcript(stored)
