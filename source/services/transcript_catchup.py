"""Brings transcripts up to date that a crash left behind the store."""

import structlog

from source.domain.conversation_head import StoredConversation
from source.domain.errors import TranscriptError
from source.domain.transcript import encode_transcript
from source.ports.files import TranscriptFiles
from source.ports.store import ConversationCatalog

log = structlog.get_logger(__name__)

_STEP = 20


class TranscriptCatchUp:
    """Compares the latest transcripts with the store; a crash leaves only the newest few behind."""

    def __init__(self, catalog: ConversationCatalog, files: TranscriptFiles) -> None:
        self._catalog = catalog
        self._files = files

    async def run(self) -> int:
        """Write what is missing or older than the store; stop at the first step that has nothing to mend.

        Returns how many were written. Raises: StoreError; TranscriptUnwritableError.
        """
        written = offset = 0
        while True:
            latest = await self._catalog.listing(limit=_STEP, offset=offset)
            mended = 0
            for listing in latest:
                stored = await self._catalog.load(listing.conversation_id)
                if stored is not None and not await self._is_current(stored):
                    await self._files.save(stored)
                    mended += 1
            written += mended
            offset += len(latest)
            if mended == 0 or len(latest) < _STEP:
                break
        if written:
            log.info("transcripts_caught_up", written=written)
        return written

    async def _is_current(self, stored: StoredConversation) -> bool:
        try:
            found = await self._files.load(stored.head.filename)
        except TranscriptError:
            return False
        return encode_transcript(found) == encode_transcript(stored)
