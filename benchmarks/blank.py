"""A store, a folder of transcripts and a model that take everything and do nothing: the core alone remains."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from itertools import count

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import TranscriptMissingError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import AcceptedEvent, InboundMessage, SaidMessage, TurnRecord, UndeliveredReply
from source.ports.files import TranscriptEntry
from source.ports.llm import Finished, FinishReason, ModelEvent, Prompt, TextDelta, UsageReported

REPLY = "That sounds good to me. Let us talk about the rest of it tomorrow, when you have seen them."


class BlankStore:
    """Implements `TurnStore` and `ConversationStore`; it has the conversations it was made with, and no others."""

    def __init__(self, stored: Iterable[StoredConversation] = ()) -> None:
        self._stored = {conversation.head.thread.key: conversation for conversation in stored}
        self._keys = count(1)

    async def accept(self, inbound: InboundMessage) -> AcceptedEvent | None:
        await asyncio.sleep(0)
        return AcceptedEvent(next(self._keys), inbound, inbound.sent_at)

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        await asyncio.sleep(0)
        return record.messages

    async def rename_transcript(self, conversation_id: int, filename: str) -> None:  # noqa: ARG002
        await asyncio.sleep(0)

    async def mark_delivered(self, keys: Sequence[int]) -> None:  # noqa: ARG002
        await asyncio.sleep(0)

    async def unanswered(self, *, platform: Platform | None = None) -> list[AcceptedEvent]:  # noqa: ARG002
        return []

    async def undelivered(self, thread: ThreadKey | None = None) -> list[UndeliveredReply]:  # noqa: ARG002
        return []

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:  # noqa: ARG002
        return None

    async def active(self, thread: ThreadKey) -> StoredConversation | None:
        await asyncio.sleep(0)
        return self._stored.get(thread)

    async def load(self, conversation_id: int) -> StoredConversation | None:  # noqa: ARG002
        await asyncio.sleep(0)
        return None

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        stored = await self.active(thread)
        return stored.head if stored else None


class BlankTranscripts:
    """Implements `TranscriptFiles`."""

    async def save(self, conversation: StoredConversation) -> str:
        await asyncio.sleep(0)
        return conversation.head.filename

    async def load(self, filename: str) -> StoredConversation:
        raise TranscriptMissingError(f"{filename}: no such transcript")

    async def delete(self, filename: str) -> bool:  # noqa: ARG002
        return False

    async def content(self, filename: str) -> bytes:
        raise TranscriptMissingError(f"{filename}: no such transcript")

    async def put_back(self, head: ConversationHead, content: bytes) -> str:  # noqa: ARG002
        return head.filename

    async def take_away(self, head: ConversationHead, known: bytes) -> bool:  # noqa: ARG002
        return False

    async def entries(self) -> AsyncIterator[TranscriptEntry]:
        return
        yield  # makes this the generator that the port asks for


class InstantModel:
    """Implements `LanguageModel`: says the same at once, in a few pieces."""

    name = "instant"

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent]:
        size = sum(len(message.content) for message in prompt.messages)
        for word in REPLY.split(". "):
            await asyncio.sleep(0)
            yield TextDelta(word)
        yield Finished(FinishReason.STOP)
        yield UsageReported(size // 4, 0, len(REPLY) // 4)

    async def close(self) -> None:
        pass
