"""A conversation as a file for whoever took part in it."""

import asyncio
from enum import StrEnum

from source.domain.conversation_head import StoredConversation
from source.domain.errors import RefusedInputError, TranscriptUnwritableError
from source.domain.thread import ThreadRef
from source.domain.transcript import encode_transcript
from source.ports.store import ConversationCatalog
from source.services.conversation_manager import InMemoryConversationManager


class ExportFormat(StrEnum):
    """What a file may be; the values are what people choose."""

    JSON = "json"


class Exporter:
    """Reads conversations whole, also what of them is in memory only."""

    def __init__(self, manager: InMemoryConversationManager, catalog: ConversationCatalog) -> None:
        self._manager = manager
        self._catalog = catalog

    async def whole(self, conversation_id: int, thread: ThreadRef) -> StoredConversation:
        """Return the conversation as it is once the turn that runs in its thread has ended.

        Raises: RefusedInputError: it is gone. StoreError: it could not be read.
        """
        async with self._manager.turn(thread):
            await self._manager.settle(conversation_id)
            conversation = await self._catalog.load(conversation_id)
        if conversation is None:
            raise RefusedInputError("That conversation has just been deleted.")
        return conversation


async def encoded(conversation: StoredConversation, form: ExportFormat) -> bytes:
    """Return the content of the file.

    Raises: RefusedInputError: it holds what this format cannot.
    """
    match form:
        case ExportFormat.JSON:
            # A long conversation must not hold up everybody else's.
            try:
                return await asyncio.to_thread(encode_transcript, conversation)
            except TranscriptUnwritableError as error:
                raise RefusedInputError("Something in that conversation cannot be written as JSON.") from error
