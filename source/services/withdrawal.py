"""Takes back replies that are stored and have reached nobody, for a person answers in Echo's place."""

from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

import structlog

from source.domain.message import Standing
from source.domain.thread import ThreadRef
from source.domain.turn import TurnRecord, UndeliveredReply
from source.ports.store import ConversationStore, TurnStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat

log = structlog.get_logger(__name__)


class WithdrawingStore(TurnStore, ConversationStore, Protocol):
    """What is read and written."""


class Withdrawal:
    """Has store, memory and transcript show such replies as superseded: no model takes them for said."""

    def __init__(self, store: WithdrawingStore, manager: InMemoryConversationManager) -> None:
        self._store = store
        self._manager = manager

    async def withdraw(self, thread: ThreadRef, going_out: Collection[int] = ()) -> tuple[int, ...]:
        """Take back what Echo has said and waits to be delivered, once the thread's running turn has ended.

        Returns the ids. The replies to the events that are `going_out` are read already: they stay.

        Raises: StoreError: done again it does the rest.
        """
        async with self._manager.turn(thread) as seat:
            undelivered = await self._store.undelivered(thread.key)
            waiting = [reply for reply in undelivered if not reply.message.is_of_business]
            replies = [reply for reply in waiting if not set(going_out).intersection(reply.keys)]
            for reply in replies:
                await self._take_back(seat, reply)
        if replies:
            log.info("replies_withdrawn", replies=len(replies))
        return tuple(reply.message.message_id for reply in replies)

    async def _take_back(self, seat: Seat, reply: UndeliveredReply) -> None:
        running = seat.conversation
        is_running = running is not None and running.conversation_id == reply.conversation_id
        if not is_running:
            await self._manager.settle(reply.conversation_id)
        record = TurnRecord(reply.conversation_id, superseded=(reply.message.message_id,))
        await self._store.commit_turn(record)
        if running is not None and is_running:
            running.keep_committed((), changed=[replace(reply.message, standing=Standing.SUPERSEDED)])
            self._manager.keep(running)
            return
        stored = await self._store.load(reply.conversation_id)
        if stored is not None:
            conversation = Conversation.loaded(stored, self._manager.ids)
            conversation.mark_unwritten()
            self._manager.retire(conversation)
