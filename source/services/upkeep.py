"""Keeps a conversation's context within its marks between turns."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace

import structlog

from source.domain.conversation_head import ConversationHead
from source.domain.message import Message
from source.domain.turn import TurnRecord
from source.ports.store import TurnStore
from source.services.context_service import TURN_SLACK, ContextService
from source.services.conversation import Conversation
from source.services.summarizer import ConversationSummarizer

log = structlog.get_logger(__name__)


class ContextUpkeep:
    """Cuts a history that outgrew its marks in one step; what leaves is folded into the running summary."""

    def __init__(self, context: ContextService, summarizer: ConversationSummarizer, store: TurnStore) -> None:
        self._context = context
        self._summarizer = summarizer
        self._store = store

    async def after_turn(self, conversation: Conversation) -> None:
        """Cut what is over the marks, now that nobody waits for a reply; the model writes the summary."""
        await self._fold(conversation, self._context.leaving(conversation), offline=False)

    async def before_reply(self, conversation: Conversation, arriving: Sequence[Message]) -> None:
        """Cut what is far over the marks at once, without a model call that would delay the reply."""
        leaving = self._context.leaving(conversation, arriving, slack=TURN_SLACK)
        await self._fold(conversation, leaving, offline=True)

    async def halve(self, conversation: Conversation) -> bool:
        """Cut half of what is shown, because the model found it too long; False when nothing can leave."""
        leaving = self._context.half(conversation)
        await self._fold(conversation, leaving, offline=True)
        return bool(leaving)

    async def _fold(self, conversation: Conversation, leaving: list[Message], *, offline: bool) -> None:
        if not leaving:
            return
        fold = self._summarizer.fold_offline if offline else self._summarizer.fold
        result = await fold(conversation.head, leaving, conversation.people or {})
        head = replace(
            conversation.head,
            running_summary=result.summary.text,
            context_start=conversation.head.context_start + len(leaving),
        )
        usage = (result.usage,) if result.usage else ()
        record = TurnRecord(conversation.conversation_id, heads=(head,), usage=usage)
        await _to_the_end(self._commit(conversation, head, record))
        log.info("context_cut", conversation_id=conversation.conversation_id, messages=len(leaving))

    async def _commit(self, conversation: Conversation, head: ConversationHead, record: TurnRecord) -> None:
        await self._store.commit_turn(record)
        conversation.keep_committed((), head=head)


async def _to_the_end(work: Coroutine[object, object, None]) -> None:
    """Finish `work` although the caller is cancelled: memory must not stay behind the store."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    failure = task.exception()  # asked for in any case, or asyncio complains that nobody did
    if cancelled is not None:
        raise cancelled
    if failure is not None:
        raise failure
