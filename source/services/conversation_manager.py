"""The running conversations, in process memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import structlog

from source.domain.errors import StoreError
from source.domain.eviction import EvictionStrategy, Residency
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.clock import Clock, SystemClock
from source.ports.files import TranscriptFiles
from source.ports.store import ConversationStore
from source.services.conversation import Conversation
from source.services.manager_metrics import ManagerMetrics
from source.services.residents import Residents
from source.services.scrubbing import AS_IT_IS, Keeping
from source.services.seats import Seat, Seats
from source.services.transcript_writer import TranscriptWriter

__all__ = ["Conversation", "InMemoryConversationManager", "ManagerMetrics", "Message", "MessageType", "Seat"]

log = structlog.get_logger(__name__)

_LONGEST_TICK = 1.0
# So many leave at a time that the event loop is not held for more than a few milliseconds.
_SWEEP_STEP = 500


class InMemoryConversationManager:
    """Holds the running conversations; what has been idle for `IDLE_TIME` is saved and leaves.

    The plain methods may be called from any thread. The awaited ones belong to one event loop.
    """

    IDLE_TIME: float = 5 * 60
    """Seconds without a message after which a conversation leaves memory."""

    def __init__(
        self,
        conversation_file_manager: TranscriptFiles | None = None,
        *,
        store: ConversationStore | None = None,
        clock: Clock | None = None,
        ids: IdGenerator | None = None,
        strategies: Sequence[EvictionStrategy] = (),
        transcript_delay: timedelta = timedelta(seconds=2),
        keeping: Keeping = AS_IT_IS,
    ) -> None:
        self.conversation_file_manager = conversation_file_manager
        self.ids = ids or IdGenerator()
        self._store = store
        self._clock = clock or SystemClock()
        self._strategies = tuple(strategies)
        self._keeping = keeping
        self._writer = TranscriptWriter(self._clock, delay=transcript_delay)
        self._residents = Residents()
        self._seats = Seats()
        self._forgotten: set[int] = set()
        self._owner: asyncio.Task[None] | None = None
        self._loaded = self._left = 0

    def create_conversation(
        self,
        thread_id: str,
        guild_id: str | None,
        guild_name: str | None,
        requester: str | None,
        *,
        platform: Platform = Platform.DISCORD,
    ) -> Conversation:
        """Start a conversation in a thread; the one that was there is ended and saved, never dropped."""
        now = self._clock.now()
        conversation = Conversation(thread_id, now, guild_id, guild_name, requester, platform=platform, ids=self.ids)
        with self._residents.lock:
            previous = self._residents.get(ThreadKey(platform, thread_id))
            if previous is not None:
                previous.revise(previous.head.ended(now))
                conversation.revise(replace(conversation.head, parent_conversation_id=previous.conversation_id))
            self.keep(conversation)
        self._ensure_owner()
        return conversation

    def add_message_to_conversation(
        self, thread_id: str, message: Message, *, platform: Platform = Platform.DISCORD
    ) -> Message:
        """Append a message to the thread's running conversation and return it with its id.

        Raises: KeyError: the thread has no conversation in memory; nothing was kept.
        """
        with self._residents.lock:
            conversation = self._residents.get(ThreadKey(platform, thread_id))
            if conversation is None:
                raise KeyError(f"no conversation in memory for thread {thread_id}: call create_conversation first")
            added = conversation.add_message(self._keeping.message(message))
            self.keep(conversation)
        self._ensure_owner()
        return added

    def get_conversation(self, thread_id: str, *, platform: Platform = Platform.DISCORD) -> Conversation | None:
        """Return the thread's running conversation, if it is in memory."""
        return self._residents.get(ThreadKey(platform, thread_id))

    def get_all_conversations(self) -> dict[str, Conversation]:
        """Return every conversation in memory by thread id (`platform:thread_id` where two platforms share one)."""
        return self._residents.named()

    def is_conversation_thread(self, thread_id: str, *, platform: Platform = Platform.DISCORD) -> bool:
        """Whether the thread has a conversation in memory."""
        return self.get_conversation(thread_id, platform=platform) is not None

    def remove_conversation(self, thread_id: str, *, platform: Platform = Platform.DISCORD) -> bool:
        """Take the thread's conversation out of memory; what is unsaved is still written.

        Returns whether there was one.
        """
        conversation = self.get_conversation(thread_id, platform=platform)
        if conversation is None:
            return False
        self.retire(conversation)
        return True

    def find_conversations(
        self, *, requester: str | None = None, guild_id: str | None = None, containing: str | None = None
    ) -> list[Conversation]:
        """Return the conversations in memory that match every filter given; text is compared without case."""
        return self._residents.matching(requester=requester, guild_id=guild_id, containing=containing)

    def metrics(self) -> ManagerMetrics:
        return ManagerMetrics(
            conversations=len(self._residents),
            in_use=len(self._seats),
            size_bytes=self._residents.size_bytes,
            waiting_to_be_written=len(self._writer),
            loaded=self._loaded,
            left=self._left,
            transcripts_written=self._writer.written,
            transcripts_failed=self._writer.failed,
        )

    @asynccontextmanager
    async def turn(self, thread: ThreadRef) -> AsyncIterator[Seat]:
        """Hold the thread: its conversation is loaded if need be and stays in memory until the block ends.

        When the block fails, the copy in memory is forgotten, so that the next turn reads the store's.
        """
        async with self._seats.hold(thread.key):
            seat = Seat(thread, await self._resident(thread.key))
            try:
                yield seat
            except BaseException:
                self._forget(thread.key)
                raise

    def hold(self, key: ThreadKey) -> AbstractAsyncContextManager[None]:
        """Hold the thread as `turn` does, for what does not concern its running conversation: nothing is loaded."""
        return self._seats.hold(key)

    async def turns_ended(self) -> None:
        """Wait until whoever holds a thread now, or waits for one, holds it no more."""
        await self._seats.left()

    def keep(self, conversation: Conversation) -> None:
        """Make this its thread's running conversation, just used, and have its transcript written soon."""
        self._adopt(conversation)
        if (replaced := self._residents.use(conversation, self._clock.monotonic())) is not None:
            self.retire(replaced)
        if not conversation.is_saved:
            self._writer.note(conversation)

    def note_changed(self, conversation: Conversation) -> None:
        """Have the transcript of a conversation in memory written soon; unlike with `keep`, nobody used it."""
        self._writer.note(conversation)

    def retire(self, conversation: Conversation) -> None:
        """Let a conversation leave memory; what is unsaved waits with the transcript writer."""
        self._left += self._residents.remove(conversation)
        self._adopt(conversation)
        if not conversation.is_saved:
            self._writer.hurry(conversation)

    async def settle(self, conversation_id: int) -> None:
        """Give the store what a conversation that left memory has and the store has not, so that it can be loaded.

        Raises: StoreError: it has not taken it.
        """
        if (waiting := self._writer.waiting(conversation_id)) is not None:
            await waiting.settle()

    async def start(self) -> None:
        """Begin to sweep and to write transcripts on this event loop."""
        self._ensure_owner()

    async def save_all_conversations(self) -> dict[str, bool]:
        """Save every conversation in memory; return by thread id which are safe on disk."""
        return {
            name: await conversation.persist() and conversation.has_home
            for name, conversation in self._residents.named().items()
        }

    async def write_transcripts(self) -> None:
        """Write every transcript that waits, now."""
        await self._reload_forgotten()
        await self._writer.write_all()

    async def sweep(self) -> int:
        """Write out and forget every conversation that has to leave; return how many left."""
        before = self._left
        # All of a step are chosen before the first await, and checked again before they go:
        # a turn may start during a write.
        while chosen := self._residents.idle_longest(
            self._clock.monotonic(), self._must_leave, in_use=self._seats, at_most=_SWEEP_STEP
        ):
            for conversation, _ in chosen:
                if not conversation.is_saved:
                    self._writer.hurry(conversation)
            await self._writer.write_due()
            gone = self._residents.drop(chosen, in_use=self._seats)
            self._left += gone
            if not gone:
                break
            await asyncio.sleep(0)
        return self._left - before

    async def shutdown(self) -> bool:
        """Stop sweeping, write everything and empty the memory; return whether nothing stays that could not be."""
        if self._owner is not None:
            self._owner.cancel()
            with suppress(asyncio.CancelledError):
                await self._owner
            self._owner = None
        for conversation in self._residents.all():
            if await conversation.persist():
                self.retire(conversation)
        await self.write_transcripts()
        return not (self._writer or self._forgotten or self._residents.all())

    def _must_leave(self, residency: Residency) -> bool:
        return residency.idle_seconds >= self.IDLE_TIME or any(each.must_leave(residency) for each in self._strategies)

    async def _resident(self, key: ThreadKey) -> Conversation | None:
        """Return the thread's running conversation, from memory or from the store."""
        conversation = self._residents.get(key) or self._writer.active_in(key)
        if conversation is None and self._store is not None:
            stored = await self._store.active(key)
            if stored is not None:
                conversation = Conversation.loaded(stored, self.ids)
                self._loaded += 1
                if conversation.conversation_id in self._forgotten:
                    self._forgotten.discard(conversation.conversation_id)
                    conversation.mark_unwritten()
        if conversation is not None:
            self.keep(conversation)
            await conversation.settle()
        return conversation

    def _forget(self, key: ThreadKey) -> None:
        """Drop the copy in memory: a commit may have been made that it does not show."""
        conversation = self._residents.get(key)
        if conversation is None or self._store is None or conversation.has_unstored:
            return
        self._writer.forget(conversation)
        self._residents.remove(conversation)
        self._forgotten.add(conversation.conversation_id)

    async def _reload_forgotten(self) -> None:
        """Have the transcripts of forgotten conversations written from what the store has."""
        while self._forgotten and self._store is not None:
            conversation_id = next(iter(self._forgotten))
            try:
                stored = await self._store.load(conversation_id)
            except StoreError as error:
                log.warning("forgotten_not_reloaded", conversation_id=conversation_id, error=str(error))
                return
            if conversation_id not in self._forgotten:  # a turn has loaded it meanwhile
                continue
            self._forgotten.discard(conversation_id)
            if stored is not None and not self._residents.holds(stored.head):
                conversation = Conversation.loaded(stored, self.ids)
                conversation.mark_unwritten()
                self._adopt(conversation)
                self._writer.note(conversation)

    def _adopt(self, conversation: Conversation) -> None:
        files = conversation.conversation_file_manager or self.conversation_file_manager
        conversation.conversation_file_manager = files
        conversation.store = conversation.store or self._store

    def _ensure_owner(self) -> None:
        if self._owner is not None and not self._owner.done():
            return
        with suppress(RuntimeError):  # no loop in this thread: the first call from one starts the sweep
            self._owner = asyncio.get_running_loop().create_task(self._own(), name="conversation-sweep")

    async def _own(self) -> None:
        """Sweep and write for as long as the manager lives: its one background task."""
        while True:
            await self._clock.sleep(min(_LONGEST_TICK, max(0.01, self.IDLE_TIME / 4)))
            try:
                await self._reload_forgotten()
                await self.sweep()
                await self._writer.write_due()
            except Exception:
                log.exception("sweep_failed")
