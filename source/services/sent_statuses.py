"""Follows what becomes of the messages that Echo sent."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from source.domain.errors import StoreError, StoreUnavailableError
from source.domain.outcome import Outcome
from source.domain.thread import Platform, ThreadRef
from source.ports.clock import Clock
from source.ports.sent import Failed, Followed, Status, StatusStore
from source.ports.store import ConversationStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

# Statuses come three for each reply: what comes in so short a time is written as one.
_GATHERED_SECONDS: Final = 0.02
_SILENT: Final = timedelta(minutes=10)
_WATCH_SECONDS: Final = 60.0
# Somebody who reads what they were sent before causes several statuses.
_AT_REST_SECONDS: Final = 10.0
_DRAIN: Final = timedelta(seconds=5)

OnFailed = Callable[[int, int, int | None], Awaitable[None]]
"""Told the event, the part of the reply to it and the platform's code, for a failure perhaps more than once."""


class SentStatuses:
    """Has the store, the memory and the transcripts follow statuses, in whatever order they come."""

    def __init__(
        self, store: StatusStore, conversations: ConversationStore, manager: InMemoryConversationManager, clock: Clock
    ) -> None:
        self._store = store
        self._conversations = conversations
        self._manager = manager
        self._clock = clock
        self._on_failed: OnFailed | None = None
        self._on_noted: Callable[[], None] = lambda: None
        self._tasks = OwnedTasks()
        self._gathering: dict[Platform, tuple[list[Status], asyncio.Task[None]]] = {}
        # By conversation that is not in memory, its thread, and how far messages of it have come.
        self._at_rest: dict[int, ThreadRef] = {}
        self._come: defaultdict[int, dict[int, Outcome]] = defaultdict(dict)
        self._resting: asyncio.Task[None] | None = None
        self._is_closed = False

    def failures_go_to(self, on_failed: OnFailed) -> None:
        """Tell this of every failure before its status is acknowledged, unless the part was sent again since."""
        self._on_failed = on_failed

    def notes_go_to(self, on_noted: Callable[[], None]) -> None:
        """Tell this whenever a part is known to have been sent of which that was not noted."""
        self._on_noted = on_noted

    async def tell(self, platform: Platform, statuses: Sequence[Status]) -> None:
        """Keep what a platform tells; returns when it is durable, and a repeat changes nothing.

        Raises: StoreError: it may not have been kept, and has to be told again.
        """
        if not statuses:
            return
        if self._is_closed:
            raise StoreUnavailableError("nothing is kept any more: Echo is ending")
        if platform not in self._gathering:
            self._gathering[platform] = ([], self._tasks.spawn(self._write(platform), name="statuses"))
        gathered, writing = self._gathering[platform]
        gathered.extend(statuses)
        await asyncio.shield(writing)

    async def watch(self, platform: Platform) -> None:
        """For as long as it runs, give up what nobody tells the outcome of."""
        while True:
            try:
                followed = await self._store.give_up(platform, silent_since=self._clock.now() - _SILENT)
            except StoreError as error:
                log.warning("statuses_wait", reason=str(error))
            else:
                for each in followed:
                    log.warning("delivery_stays_unknown", conversation_id=each.conversation_id, message=each.message_id)
                self._follow(followed)
            await self._clock.sleep(_WATCH_SECONDS)

    async def close(self) -> None:
        """Write what is to be written; nothing is taken any more."""
        self._is_closed = True
        if self._resting is not None:
            self._resting.cancel()
        await self._tasks.close(_DRAIN)
        await self._write_at_rest()

    async def _write(self, platform: Platform) -> None:
        await asyncio.sleep(_GATHERED_SECONDS)
        statuses, _ = self._gathering.pop(platform)
        told = await self._store.tell(platform, statuses)
        if told.noted:
            self._on_noted()
        self._follow(told.followed)
        if told.unrelated:
            log.info("statuses_unrelated", platform=platform.value, count=told.unrelated)
        for failed in told.failed:
            await self._failed(failed)

    async def _failed(self, failed: Failed) -> None:
        part = failed.part
        if failed.is_new:
            log.warning("message_failed", key=part.key, part=part.number, code=failed.code)
        if self._on_failed is not None and not failed.is_replaced:
            await self._on_failed(part.key, part.number, failed.code)

    def _follow(self, followed: Sequence[Followed]) -> None:
        for each in followed:
            if self._follow_in_memory(each.conversation_id, each.thread, {each.message_id: each.delivery}):
                self._come[each.conversation_id].pop(each.message_id, None)
            else:
                self._at_rest[each.conversation_id] = each.thread
                self._come[each.conversation_id][each.message_id] = each.delivery
        if self._at_rest and (self._resting is None or self._resting.done()):
            self._resting = self._tasks.spawn(self._write_later(), name="statuses-at-rest")

    def _follow_in_memory(self, conversation_id: int, thread: ThreadRef, come: dict[int, Outcome]) -> bool:
        """Change a conversation that is in memory, which counts as no use of it; False: it is not."""
        conversation = self._manager.get_conversation(thread.thread_id, platform=thread.platform)
        if conversation is None or conversation.conversation_id != conversation_id:
            return False
        known = [conversation.history.find(message_id) for message_id in come]
        changed = [replace(each, delivery=come[each.message_id]) for each in known if each is not None]
        if changed:
            conversation.keep_committed((), changed=changed)
            self._manager.note_changed(conversation)
        return True

    async def _write_later(self) -> None:
        while self._at_rest:
            await self._clock.sleep(_AT_REST_SECONDS)
            await self._write_at_rest()

    async def _write_at_rest(self) -> None:
        """Have the transcripts of conversations that are not in memory written; what fails is tried again."""
        for conversation_id, thread in list(self._at_rest.items()):
            try:
                await self._write_one_at_rest(conversation_id, thread)
            except StoreError as error:
                log.warning("transcript_waits", conversation_id=conversation_id, reason=str(error))

    async def _write_one_at_rest(self, conversation_id: int, thread: ThreadRef) -> None:
        # Whoever holds the thread has it to themselves: it does not come into memory meanwhile, as it was before.
        async with self._manager.hold(thread.key):
            self._at_rest.pop(conversation_id, None)
            come = self._come.pop(conversation_id, {})
            if self._follow_in_memory(conversation_id, thread, come):
                return
            try:
                await self._manager.settle(conversation_id)
                stored = await self._conversations.load(conversation_id)
            except StoreError:
                self._at_rest.setdefault(conversation_id, thread)
                self._come[conversation_id] = come | self._come[conversation_id]
                raise
            if stored is not None:
                conversation = Conversation.loaded(stored, self._manager.ids)
                conversation.mark_unwritten()
                self._manager.retire(conversation)
