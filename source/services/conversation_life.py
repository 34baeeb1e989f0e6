"""Ending conversations and going on with them, for those who are not in the thread."""

from source.ports.records import RecordReading
from source.services.conversation_manager import InMemoryConversationManager
from source.services.opening import Opening


class ConversationLife:
    """Ends and resumes conversations as `/new` and `/resume` do, each once its thread's running turn has ended."""

    def __init__(self, records: RecordReading, manager: InMemoryConversationManager, opening: Opening) -> None:
        self._records = records
        self._manager = manager
        self._opening = opening

    async def end(self, conversation_id: int) -> bool:
        """End a conversation, with its summary; one that has ended stays as it is. False: there is none.

        Raises: StoreError.
        """
        thread = (await self._records.threads_of([conversation_id])).get(conversation_id)
        if thread is None:
            return False
        async with self._manager.turn(thread) as seat:
            if seat.conversation is not None and seat.conversation.conversation_id == conversation_id:
                await self._opening.end(seat)
        return True

    async def resume(self, conversation_id: int) -> bool:
        """Go on with a conversation, out of the archive if need be; what runs in its thread ends. False: there is none.

        Raises: StoreError, ArchiveError, TranscriptError.
        """
        thread = (await self._records.threads_of([conversation_id])).get(conversation_id)
        if thread is None:
            return False
        async with self._manager.turn(thread) as seat:
            if seat.conversation is not None and seat.conversation.conversation_id == conversation_id:
                return True
            return await self._opening.resume(seat, conversation_id) is not None
