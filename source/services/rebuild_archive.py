"""Archived conversations, as a rebuild reads and writes them."""

from collections.abc import AsyncIterator
from dataclasses import replace

from source.domain.archive_name import archive_name
from source.domain.archived_content import in_state
from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import ArchiveDamagedError, TranscriptDamagedError, TranscriptError
from source.domain.transcript import decode_transcript
from source.ports.files import TranscriptEntry
from source.services.archive_mending import ArchiveMending, Mended
from source.services.archived_transcripts import ArchivedTranscripts


class ArchiveRebuild:
    """Reads every transcript of the archive storage, and puts there what is missing."""

    def __init__(self, archived: ArchivedTranscripts, mending: ArchiveMending) -> None:
        self._archived = archived
        self._mending = mending

    async def entries(self) -> AsyncIterator[TranscriptEntry]:
        """Everything in the storage; a conversation is archived because it is there."""
        async for blob in self._archived.listed():
            shown = self._archived.location_of(blob.name)
            try:
                content = await self._archived.read(blob.name)
                if content is not None:
                    conversation = decode_transcript(content, shown)
                    yield TranscriptEntry(shown, _as_archived(conversation))
            except TranscriptError as error:
                yield TranscriptEntry(shown, None, error)
            except ArchiveDamagedError as error:
                yield TranscriptEntry(shown, None, TranscriptDamagedError(str(error)))

    async def put_right(self, conversation_id: int) -> bool:
        """Have the archive of a conversation as the store has it; whether it had to be written."""
        return await self._mending.mend(conversation_id) in {Mended.REWRITTEN, Mended.REPACKED}


def _as_archived(conversation: StoredConversation) -> StoredConversation:
    head = conversation.head
    named = replace(conversation, head=replace(head, filename=archive_name(head, compressed=False)))
    return in_state(named, ConversationState.ARCHIVED)
