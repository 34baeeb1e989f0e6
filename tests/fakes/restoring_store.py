"""A store as a rebuild sees it, in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from source.domain.conversation_head import StoredConversation
from source.domain.errors import StoreUnavailableError
from source.domain.thread import ThreadKey
from source.ports.store import ConversationListing, Scope, SearchHit


class MemoryStore:
    """A store that keeps the rules which a database would keep."""

    def __init__(self, *conversations: StoredConversation) -> None:
        self.kept = {conversation.head.conversation_id: conversation for conversation in conversations}
        self.transactions: list[int] = []
        self.fails_at: int | None = None

    async def restore(self, conversations: Sequence[StoredConversation]) -> None:
        await asyncio.sleep(0)
        if len(self.transactions) == self.fails_at:
            raise StoreUnavailableError("the disk is full")
        ids = [conversation.head.conversation_id for conversation in conversations]
        assert len(ids) == len(set(ids)), "one conversation twice in a transaction"
        kept = dict(self.kept)
        for conversation in conversations:
            known = kept.get(conversation.head.conversation_id, conversation).messages
            merged = {message.message_id: message for message in (*known, *conversation.messages)}
            said = tuple(merged[message_id] for message_id in sorted(merged))
            kept[conversation.head.conversation_id] = replace(conversation, messages=said)
            active = [other.head.thread.key for other in kept.values() if other.head.is_active]
            assert len(active) == len(set(active)), "two active conversations in one thread"
        self.kept = kept
        self.transactions.append(len(conversations))

    async def load(self, conversation_id: int) -> StoredConversation | None:
        await asyncio.sleep(0)
        return self.kept.get(conversation_id)

    async def every_conversation(self) -> AsyncIterator[StoredConversation]:
        for conversation_id in sorted(self.kept):
            await asyncio.sleep(0)
            yield self.kept[conversation_id]

    async def count(self) -> int:
        await asyncio.sleep(0)
        return len(self.kept)

    async def listing(
        self, *, scope: Scope | None = None, thread: ThreadKey | None = None, limit: int = 50, offset: int = 0
    ) -> list[ConversationListing]:
        await asyncio.sleep(0)
        return [listed(kept) for kept in self.kept.values() if kept.head.thread.key == thread]

    async def search(self, words: str, *, scope: Scope | None = None, limit: int = 10) -> list[SearchHit]:
        raise NotImplementedError


def listed(conversation: StoredConversation) -> ConversationListing:
    head = conversation.head
    return ConversationListing(
        conversation_id=head.conversation_id,
        thread=head.thread,
        title=head.title,
        summary=head.summary,
        state=head.state,
        created_at=head.created_at,
        last_message_at=head.last_message_at,
        message_count=len(conversation.messages),
        parent_conversation_id=head.parent_conversation_id,
        created_reason=head.created_reason,
        filename=head.filename,
    )
