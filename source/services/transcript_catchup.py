"""Brings transcripts up to date that a crash left behind the store."""

from typing import Protocol

import structlog

from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import TranscriptError
from source.domain.transcript import encode_transcript
from source.ports.files import TranscriptFiles
from source.ports.store import ConversationCatalog

log = structlog.get_logger(__name__)

_STEP = 20
# A conversation may go on while it is mended; after so many times its own next save is left to do it.
_MOST_ATTEMPTS = 3


class CaughtUpStore(ConversationCatalog, Protocol):
    """What the transcripts are compared with, and told where they are."""

    async def rename_transcript(self, conversation_id: int, filename: str) -> None:
        """As in `ConversationStore`."""
        ...


class TranscriptCatchUp:
    """Compares the latest transcripts with the store; a crash leaves only the newest few behind."""

    def __init__(self, store: CaughtUpStore, files: TranscriptFiles) -> None:
        self._store = store
        self._files = files

    async def run(self) -> int:
        """Write what is missing or older than the store; stop at the first step that has nothing to mend.

        Returns how many were written. Raises: StoreError; TranscriptUnwritableError.
        """
        written = offset = 0
        while True:
            latest = await self._store.listing(limit=_STEP, offset=offset)
            mended = 0
            for listing in latest:
                mended += await self._mend(listing.conversation_id)
            written += mended
            offset += len(latest)
            if mended == 0 or len(latest) < _STEP:
                break
        if written:
            log.info("transcripts_caught_up", written=written)
        return written

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
        return encode_transcript(found) == encode_transcript(stored)
