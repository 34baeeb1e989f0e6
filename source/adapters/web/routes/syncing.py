"""Comparing threads with their platforms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Request, Response
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import ChatIds, TaskAnswer
from source.adapters.web.chat_ids import known_chats
from source.adapters.web.documented import problems
from source.adapters.web.handing_in import handed_in
from source.adapters.web.pages import Body, PageQuery, Shown
from source.domain.task import NewTask, TaskType
from source.ports.history import HistoryState
from source.ports.metadata import SyncState, SyncStatus
from source.ports.tasks import TaskQueue
from source.services.chat_ids import ThreadBook

_Asking = Annotated[Caller, requires(Scope.TASKS)]
_Reading = Annotated[Caller, requires(Scope.READ)]


class SyncBody(Body):
    """Which chats to compare, null for all; `full`: with all that the platform still has."""

    chat_ids: ChatIds | None = None
    full: bool = Field(default=False, strict=True)


_EVERY_CHAT: Final = SyncBody()


class SyncShown(Shown):
    """How a chat stands to its platform; `unsupported`: there is nothing to compare it with, `running`: what the
    platform tells of it is on its way into conversations.
    """

    chat_id: str
    platform: str
    status: SyncStatus
    last_synced_at: datetime | None
    last_full_sync_at: datetime | None
    messages_found: int = Field(description="Messages that had been missed, the last time.")
    messages_waiting: int = Field(description="Messages that were told and are not part of conversations yet.")
    error: str | None


class HistoryShown(Shown):
    """How much of what was said before Echo was there a platform has told."""

    platform: str
    progress: int = Field(description="In percent, by the platform's own count.", examples=[55])
    messages_waiting: int = Field(description="Messages that were told and are not part of conversations yet.")
    error: str | None = Field(description="Why nothing is told, as a sentence for the operator.")
    updated_at: datetime


class SyncStates(Protocol):
    """What is needed of the `SyncService`."""

    async def sync_states(self, *, limit: int = 1_000, offset: int = 0) -> list[SyncState]:
        """As in `SyncService`."""
        ...


class HistoryStates(Protocol):
    """What is needed of a `HistoryStore`."""

    async def states(self) -> list[HistoryState]:
        """As in `HistoryStore`."""
        ...


@dataclass(frozen=True, slots=True)
class SyncingParts:
    """What syncing over HTTP needs."""

    queue: TaskQueue
    threads: ThreadBook
    states: SyncStates
    histories: HistoryStates


def router(parts: SyncingParts) -> APIRouter:
    """Return the routes of syncing."""
    routes = APIRouter(prefix="/api/conversations", tags=["tasks"])

    @routes.post("/sync", operation_id="syncChats", status_code=202, responses=problems(400, 404))
    async def sync(request: Request, response: Response, caller: _Asking, body: SyncBody = _EVERY_CHAT) -> TaskAnswer:
        """Take in what was said, edited or deleted on the platforms while Echo was away."""
        chats = None if body.chat_ids is None else await known_chats(parts.threads, body.chat_ids)
        new = NewTask(TaskType.SYNC_MESSAGES, {"chat_ids": chats, "full": body.full}, caller.requested_by)
        return await handed_in(parts.queue, new, request, response)

    @routes.get("/sync-status", operation_id="listSyncStatus", responses=problems())
    async def status(page: PageQuery, _: _Reading) -> list[SyncShown]:
        """List the chats and when each was last compared, the longest ago first."""
        return [_shown(state) for state in await parts.states.sync_states(limit=page.limit, offset=page.offset)]

    @routes.get("/history-status", operation_id="listHistoryStatus", responses=problems())
    async def history(_: _Reading) -> list[HistoryShown]:
        """List how much of what was said before Echo was there the platforms have told; none for those that do not."""
        return [_history_shown(state) for state in await parts.histories.states()]

    return routes


def _history_shown(state: HistoryState) -> HistoryShown:
    return HistoryShown(
        platform=state.platform.value,
        progress=state.progress,
        messages_waiting=state.messages_waiting,
        error=state.error,
        updated_at=state.updated_at,
    )


def _shown(state: SyncState) -> SyncShown:
    return SyncShown(
        chat_id=state.thread.thread_id,
        platform=state.thread.platform.value,
        status=state.status,
        last_synced_at=state.last_synced_at,
        last_full_sync_at=state.last_full_sync_at,
        messages_found=state.messages_found,
        messages_waiting=state.messages_waiting,
        error=state.error,
    )
