"""What people set themselves: mood, matter, tags and stars."""

from collections.abc import Sequence

from source.domain.errors import RefusedInputError
from source.ports.metadata import MetadataChange, MetadataStore
from source.ports.store import ConversationStore
from source.services.chat_ids import ThreadBook, chat_id_of, threads_of


class MetadataSetting:
    """Sets metadata of messages, conversations and chats; no analysis takes the place of it later.

    Every method may raise a StoreError.
    """

    def __init__(self, store: MetadataStore, conversations: ConversationStore, book: ThreadBook) -> None:
        self._store = store
        self._conversations = conversations
        self._book = book

    async def set_message(self, message_id: int, change: MetadataChange) -> bool:
        """Set what is known of one message; False: no such message.

        Raises: RefusedInputError: a message cannot be starred.
        """
        if change.is_starred is not None:
            raise RefusedInputError("A conversation can be starred, a single message cannot.")
        return await self._store.set_message(message_id, change)

    async def set_conversations(self, conversation_ids: Sequence[int], change: MetadataChange) -> int:
        """Set what is known of conversations; return how many there are of them."""
        return await self._store.set_conversations(conversation_ids, change)

    async def set_chat(self, chat_id: str, change: MetadataChange) -> int | None:
        """Set what is known of a chat's latest conversation; return its id, None: no such chat.

        Raises: RefusedInputError: two platforms have a chat of that id; the sentence says how to name one.
        """
        threads = await threads_of(self._book, chat_id)
        if len(threads) > 1:
            names = " or ".join(chat_id_of(thread.key) for thread in threads)
            raise RefusedInputError(f"There is more than one chat {chat_id[:80]}: write {names}.")
        head = await self._conversations.latest(threads[0].key) if threads else None
        if head is None:
            return None
        await self._store.set_conversations([head.conversation_id], change)
        return head.conversation_id
