"""Many conversations as lines of JSON, as fast as somebody reads them."""

import asyncio
import json
from collections.abc import AsyncIterator

import structlog

from source.domain.conversation_head import StoredConversation
from source.domain.errors import TranscriptUnwritableError
from source.domain.filters import Record
from source.domain.transcript import encode_transcript
from source.ports.store import ConversationCatalog
from source.services.records import RecordLists, RecordPage

log = structlog.get_logger(__name__)

_A_STEP = 50


class BulkExport:
    """Reads the conversations that match a filter one after another; no more than one is in memory at a time."""

    def __init__(self, lists: RecordLists, catalog: ConversationCatalog) -> None:
        self._lists = lists
        self._catalog = catalog

    async def first(self, filter_: object) -> RecordPage:
        """Return where an export begins.

        Raises: RefusedInputError: the filter is wrong. StoreError.
        """
        return await self._page(filter_, None)

    async def lines(self, filter_: object, first: RecordPage) -> AsyncIterator[bytes]:
        """Yield each conversation as its transcript on one line, in the order of ids; then how many there were.

        Raises: StoreError: what was yielded is not all.
        """
        page, exported = first, 0
        while True:
            for record in page.records:
                line = await self._line(record)
                if line is not None:
                    exported += 1
                    yield line
            if page.next is None:
                break
            page = await self._page(filter_, page.next)
        yield json.dumps({"exported": exported}).encode() + b"\n"

    async def _page(self, filter_: object, after: str | None) -> RecordPage:
        return await self._lists.list("sessions", filter=filter_, order_by=["session_id"], limit=_A_STEP, after=after)

    async def _line(self, record: Record) -> bytes | None:
        """Return a conversation's line; None: it has been deleted since it was listed."""
        session_id = record["session_id"]
        assert isinstance(session_id, int)  # noqa: S101  # its field says so
        conversation = await self._catalog.load(session_id)
        return await asyncio.to_thread(_encoded, conversation) if conversation is not None else None


def _encoded(conversation: StoredConversation) -> bytes:
    try:
        transcript = json.loads(encode_transcript(conversation))
    except TranscriptUnwritableError as error:
        conversation_id = conversation.head.conversation_id
        log.warning("conversation_not_exported", conversation_id=conversation_id, error=str(error))
        transcript = {"conversation_id": conversation_id, "problem": "Something in it cannot be written as JSON."}
    return json.dumps(transcript, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace") + b"\n"
