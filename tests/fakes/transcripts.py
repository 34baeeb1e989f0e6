"""The folder of transcripts, in memory."""

import asyncio
from collections.abc import AsyncGenerator

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import (
    TranscriptDamagedError,
    TranscriptError,
    TranscriptMissingError,
    TranscriptUnwritableError,
)
from source.domain.transcript import TranscriptIdentity, decode_transcript, encode_transcript, identity_of
from source.domain.transcript_name import candidate_names
from source.ports.files import TranscriptEntry


class InMemoryTranscripts:
    """Implements `TranscriptFiles`; `files` is the folder, to be looked at and spoilt by a test.

    While `unwritable` is set, every write raises it.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.saves = 0
        self.unwritable: TranscriptUnwritableError | None = None

    async def save(self, conversation: StoredConversation) -> str:
        self.saves += 1
        return await self.put_back(conversation.head, encode_transcript(conversation))

    async def load(self, filename: str) -> StoredConversation:
        return decode_transcript(await self.content(filename), filename)

    async def content(self, filename: str) -> bytes:
        await asyncio.sleep(0)
        return self._content(filename)

    async def put_back(self, head: ConversationHead, content: bytes) -> str:
        await self._writing()
        name = self._name_for(head)
        self.files[name] = content
        return name

    async def take_away(self, head: ConversationHead, known: bytes) -> bool:
        await self._writing()
        name = head.filename
        if self.files.get(name) != known and self._owner(name) != identity_of(head):
            return False
        del self.files[name]
        return True

    async def delete(self, filename: str) -> bool:
        await self._writing()
        try:
            decode_transcript(self._content(filename), filename)
        except TranscriptMissingError:
            return False
        except TranscriptDamagedError:
            pass
        self.files.pop(filename, None)
        return True

    async def entries(self) -> AsyncGenerator[TranscriptEntry]:
        for filename in sorted(self.files):
            await asyncio.sleep(0)
            try:
                yield TranscriptEntry(filename, decode_transcript(self._content(filename), filename))
            except TranscriptMissingError:
                continue
            except TranscriptError as error:
                yield TranscriptEntry(filename, None, error)

    async def _writing(self) -> None:
        await asyncio.sleep(0)
        if self.unwritable:
            raise self.unwritable

    def _content(self, filename: str) -> bytes:
        content = self.files.get(filename)
        if content is None:
            raise TranscriptMissingError(f"{filename}: no such transcript")
        return content

    def _name_for(self, head: ConversationHead) -> str:
        owners = {name: self._owner(name) for name in candidate_names(head)}
        mine = [name for name, owner in owners.items() if owner == identity_of(head)]
        free = [name for name in owners if name not in self.files]
        return (mine + free)[0]

    def _owner(self, filename: str) -> TranscriptIdentity | None:
        try:
            return identity_of(decode_transcript(self._content(filename), filename).head)
        except TranscriptError:
            return None


class HeldTranscripts(InMemoryTranscripts):
    """Waits in the middle of each save until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()

    async def save(self, conversation: StoredConversation) -> str:
        self.reached.set()
        await self.let_go.wait()
        return await super().save(conversation)
