"""What two contacts said that turned out to be one becomes one dialogue, while no turn of theirs runs."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Protocol

import structlog

from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import StoreConflictError, StoreError
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.clock import Clock
from source.ports.webhooks import Contact, Merge, MergeStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.owned_tasks import OwnedTasks
from source.services.pauses import Pauses

log = structlog.get_logger(__name__)


class LoadingStore(Protocol):
    """Reads whole conversations."""

    async def load(self, conversation_id: int) -> StoredConversation | None:
        """As in `ConversationStore`."""
        ...


class BusyThreads(Protocol):
    """Knows where something waits to be answered, or to be delivered."""

    def is_busy(self, thread: ThreadKey) -> bool:
        """Whether something waits in a thread, or is being answered there."""
        ...

    def moved(self, gone: ThreadKey, kept: ThreadRef) -> None:
        """What was said in the one thread has become a part of the other."""
        ...


class ContactMerging:
    """Moves conversations, what waits and what is known to the contact that is kept; again until nothing is left.

    Who merges is decided and durable before: this may be cut off anywhere. Threads are named by contacts.
    """

    def __init__(
        self,
        platform: Platform,
        merges: MergeStore,
        *,
        manager: InMemoryConversationManager,
        store: LoadingStore,
        turns: BusyThreads,
        clock: Clock,
        moved: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`moved` is called once something has moved, for what is known of threads in memory."""
        self._platform = platform
        self._merges = merges
        self._manager = manager
        self._store = store
        self._turns = turns
        self._clock = clock
        self._moved = moved
        self._kept: dict[int, int] = {}
        self._pending: defaultdict[int, set[int]] = defaultdict(set)
        self._tasks = OwnedTasks()

    async def take_up(self) -> None:
        """Learn who turned out to be whom, and move what an earlier process has left.

        Raises: StoreError.
        """
        self._kept.update((merge.gone, merge.kept) for merge in await self._merges.merges(self._platform))
        for merge in await self._merges.unsettled(self._platform):
            self._pending[merge.kept].add(merge.gone)
        for kept in list(self._pending):
            await self.settle(kept)

    async def close(self) -> None:
        """Leave what is left to the next process."""
        await self._tasks.close(timedelta(0))

    def note(self, contact: Contact) -> None:
        """Remember whom a contact has turned out to be as well."""
        for gone in contact.absorbed:
            earlier = self._pending.pop(gone, set())
            self._pending[contact.contact_id] |= {gone, *earlier}
            for known, kept in self._kept.items():
                if kept == gone:
                    self._kept[known] = contact.contact_id
            self._kept[gone] = contact.contact_id
            log.info("contacts_merged", kept=contact.contact_id, gone=gone)

    def now(self, contact_id: int) -> int:
        """Return the contact that this one turned out to be, or itself."""
        return self._kept.get(contact_id, contact_id)

    def pending(self, contact_id: int) -> list[int]:
        """Return whose words are still to become this contact's."""
        return sorted(self._pending.get(contact_id, ()))

    async def settle(self, contact_id: int) -> None:
        """Move what there is; what still waits to be answered elsewhere follows as soon as it is.

        Raises: StoreError: nothing of the one at hand was moved.
        """
        for gone in self.pending(contact_id):
            merge = Merge(gone, contact_id)
            try:
                is_settled = await self._settled(merge)
            except StoreConflictError:  # somebody is being forgotten: what is left then follows
                is_settled = False
            except StoreError:
                raise
            except Exception:  # what was said must not wait for, or go with, a fault in this
                log.exception("merge_broke", gone=gone)
                is_settled = False
            self._done(merge)
            if not is_settled:
                self._tasks.spawn(self._follow(merge), name=f"merge-{gone}")

    def _done(self, merge: Merge) -> None:
        self._pending[merge.kept].discard(merge.gone)
        if not self._pending[merge.kept]:
            del self._pending[merge.kept]

    async def _follow(self, merge: Merge) -> None:
        """Move what came meanwhile, until nothing can come any more."""
        pauses = Pauses(self._clock)
        while True:
            await self._clock.sleep(pauses.delay())
            try:
                if await self._settled(Merge(merge.gone, self.now(merge.gone))):
                    return
            except StoreError as error:
                log.warning("merge_waits", gone=merge.gone, reason=str(error))
            except Exception:
                log.exception("merge_broke", gone=merge.gone)

    async def _settled(self, merge: Merge) -> bool:
        """Move everything; whether that was all there will be."""
        is_last = not self._turns.is_busy(self._thread(merge.gone))
        await self._move(merge)
        if is_last:
            await self._merges.settle(merge)
        return is_last

    async def _move(self, merge: Merge) -> None:
        async with AsyncExitStack() as stack:
            # The earlier first, as everywhere: two that merge into each other would wait for each other.
            threads = [self._thread(each) for each in sorted((merge.gone, merge.kept))]
            for thread in threads:
                await stack.enter_async_context(self._manager.hold(thread))
            for thread in threads:
                await self._put_away(thread)
            for conversation_id in await self._merges.move(self._platform, merge):
                await self._write_anew(conversation_id)
            self._turns.moved(self._thread(merge.gone), ThreadRef(self._platform, str(merge.kept)))
            if self._moved is not None:
                await self._moved()

    async def _put_away(self, thread: ThreadKey) -> None:
        """Have the store know all of a running conversation, which is loaded again when it is needed."""
        running = self._manager.get_conversation(thread.thread_id, platform=thread.platform)
        if running is not None:
            await running.settle()
            self._manager.retire(running)

    async def _write_anew(self, conversation_id: int) -> None:
        """Have the transcript say where the conversation is now."""
        await self._manager.settle(conversation_id)
        stored = await self._store.load(conversation_id)
        if stored is not None and stored.head.state is not ConversationState.ARCHIVED:
            conversation = Conversation.loaded(stored, self._manager.ids)
            conversation.mark_unwritten()
            self._manager.retire(conversation)

    def _thread(self, contact_id: int) -> ThreadKey:
        return ThreadKey(self._platform, str(contact_id))
