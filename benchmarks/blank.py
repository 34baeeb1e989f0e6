"""A store and a folder of transcripts that take everything and keep nothing: the core alone remains."""

import asyncio
from collections.abc import AsyncIterator

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import TranscriptMissingError
from source.domain.thread import ThreadKey
from source.domain.turn import TurnRecord
from source.ports.files import TranscriptEntry


class BlankStore:
    """Implements `ConversationStore` for a process that never restarts."""

    async def active(self, thread: ThreadKey) -> StoredConversation | None:  # noqa: ARG002
        await asyncio.sleep(0)
        return None

    async def load(self, conversation_id: int) -> StoredConversation | None:  # noqa: ARG002
        await asyncio.sleep(0)
        return None

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:  # noqa: ARG002
        await asyncio.sleep(0)
        return None

    async def commit_turn(self, record: TurnRecord) -> None:  # noqa: ARG002
        await asyncio.sleep(0)


class BlankTranscripts:
    """Implements `TranscriptFiles`."""

    async def save(self, conversation: StoredConversation) -> str:
        await asyncio.sleep(0)
        return conversation.head.filename

    async def load(self, filename: str) -> StoredConversation:
        raise TranscriptMissingError(f"{filename}: no such transcript")

    async def delete(self, filename: str) -> bool:  # noqa: ARG002
        return False

    async def archive(self, filename: str) -> None:
        raise TranscriptMissingError(f"{filename}: no such transcript")

    async def unarchive(self, filename: str) -> None:
        raise TranscriptMissingError(f"{filename}: no such transcript")

    async def entries(self) -> AsyncIterator[TranscriptEntry]:
        return
        yield  # makes this the generator that the port asks for
