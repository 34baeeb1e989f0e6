"""Conversations that somebody changes from outside of their turns: nobody else changes them meanwhile."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from source.domain.thread import ThreadKey, ThreadRef
from source.ports.store import ConversationStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat


class HeldConversations:
    """Copies of conversations whose threads are held; what is committed of them is kept with `keep`."""

    def __init__(
        self, manager: InMemoryConversationManager, store: ConversationStore, seats: Mapping[ThreadKey, Seat]
    ) -> None:
        self._manager = manager
        self._store = store
        self._seats = seats

    async def copy_of(self, conversation_id: int) -> Conversation | None:
        """Return the running conversation, or one as the store has it; None when there is none.

        Raises: StoreError.
        """
        for seat in self._seats.values():
            if seat.conversation is not None and seat.conversation.conversation_id == conversation_id:
                return seat.conversation
        # A copy that still waits to be written may know more than the store; the loaded one takes its place.
        await self._manager.settle(conversation_id)
        stored = await self._store.load(conversation_id)
        return Conversation.loaded(stored, self._manager.ids) if stored is not None else None

    def running_in(self, thread: ThreadKey) -> Conversation | None:
        """Return the conversation that runs in a held thread."""
        return self._seats[thread].conversation

    def keep(self, conversation: Conversation) -> None:
        """Have the transcript of a changed copy written; what runs goes on running with it."""
        if any(seat.conversation is conversation for seat in self._seats.values()):
            self._manager.keep(conversation)
        else:
            self._manager.retire(conversation)


class Holding:
    """Holds threads for those who change what was said there."""

    def __init__(self, manager: InMemoryConversationManager, store: ConversationStore) -> None:
        self._manager = manager
        self._store = store

    @asynccontextmanager
    async def of(self, *threads: ThreadRef) -> AsyncIterator[HeldConversations]:
        """Hold these threads, once whatever turn runs there has ended; after a failure memory is read anew.

        Raises: StoreError.
        """
        async with AsyncExitStack() as stack:
            seats: dict[ThreadKey, Seat] = {}
            # Always in the same order, so that two who want the same threads never wait for each other.
            for key, thread in sorted({thread.key: thread for thread in threads}.items()):
                seats[key] = await stack.enter_async_context(self._manager.turn(thread))
            yield HeldConversations(self._manager, self._store, seats)
