"""What looking at files and listening to them took, noted with the conversation that they belong to."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from source.domain.conversation_head import ConversationHead
from source.domain.thread import ThreadKey
from source.domain.turn import ModelUsage
from source.services.admission import Admission
from source.services.owned_tasks import OwnedTasks
from source.services.structured_model import UsageLedger

log = structlog.get_logger(__name__)


class LatestConversations(Protocol):
    """What is needed of a `ConversationStore`."""

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        """As in `ConversationStore`."""
        ...


class MediaUsage:
    """Counts at once what a person caused, and has it noted once there is a conversation to note it with."""

    def __init__(self, conversations: LatestConversations, ledger: UsageLedger, admission: Admission) -> None:
        self._conversations = conversations
        self._ledger = ledger
        self._admission = admission
        self._tasks = OwnedTasks()

    def note(self, thread: ThreadKey, usage: Sequence[ModelUsage], *, after: asyncio.Event | None = None) -> None:
        """Note it with the thread's latest conversation: with `after`, as it is once that is set."""
        if usage:
            self._admission.spend(thread.platform, usage)
            self._tasks.spawn(self._note(thread, usage, after), name="media-usage")

    async def close(self, deadline: timedelta) -> None:
        """Let what waits be noted."""
        await self._tasks.close(deadline)

    async def _note(self, thread: ThreadKey, usage: Sequence[ModelUsage], after: asyncio.Event | None) -> None:
        if after is not None:
            await after.wait()
        latest = await self._conversations.latest(thread)
        if latest is None:
            log.warning("media_usage_not_kept", calls=len(usage))
            return
        for each in usage:
            await self._ledger.note_usage(latest.conversation_id, each)
