"""Cleaning up, marking in bulk, and how much there is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict, Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import TaskAnswer
from source.adapters.web.documented import problems
from source.adapters.web.handing_in import handed_in
from source.adapters.web.pages import Body, Identifier, Shown
from source.domain.task import NewTask, TaskType
from source.ports.tasks import TaskQueue
from source.services.operations_statistics import Stats

_Asking = Annotated[Caller, requires(Scope.TASKS)]
_Reading = Annotated[Caller, requires(Scope.READ)]
_Ids = Annotated[list[Identifier] | None, Field(min_length=1, max_length=10_000)]
_Days = Annotated[int | None, Field(default=None, strict=True, ge=0, le=36_500)]


class CleanupBody(Body):
    """How to clean up; what is left out is as the settings say, 0 days is never."""

    archive_retention_days: _Days = Field(
        default=None,
        description="Days after which an archived conversation is deleted, everywhere.",
        examples=[365],
    )
    optimize_tables: bool | None = Field(
        default=None, strict=True, description="Whether space is given back to the disk.", examples=[True]
    )
    compress_after_days: _Days = Field(
        default=None, description="Days after which an archive that is not compressed is.", examples=[30]
    )


_AS_SET: Final = CleanupBody()


class StatusBody(Body):
    """What to set of which messages: name either `message_ids` or `conversation_ids`."""

    message_ids: _Ids = Field(default=None, description="Messages.", examples=[[6821946150912064]])
    conversation_ids: _Ids = Field(default=None, description="Conversations, with all that people said in them.")
    is_read: bool | None = Field(default=None, strict=True, examples=[True])
    is_processed: bool | None = Field(default=None, strict=True, examples=[True])


class StatsShown(Shown):
    """What there is; messages are what people and Echo said. It is at most a few seconds old."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    total_chats: int = Field(examples=[150])
    total_messages: int = Field(examples=[5243])
    archived_chats: int = Field(description="Chats of which a conversation is archived.", examples=[23])
    archived_messages: int = Field(examples=[892])
    database_size_mb: float = Field(examples=[7.86])
    oldest_message: datetime | None
    newest_message: datetime | None
    total_conversations: int = Field(examples=[311])
    archived_conversations: int = Field(examples=[40])
    memories: int = Field(examples=[280])
    people: int = Field(examples=[97])


class Statistics(Protocol):
    """What is needed of the `OperationsStatistics`."""

    async def stats(self) -> Stats:
        """As in `OperationsStatistics`."""
        ...


@dataclass(frozen=True, slots=True)
class CleanupParts:
    """What cleaning up over HTTP needs."""

    queue: TaskQueue
    statistics: Statistics


def router(parts: CleanupParts) -> APIRouter:
    """Return the routes of the clean-up."""
    routes = APIRouter(prefix="/api/conversations")

    @routes.post("/cleanup", tags=["tasks"], operation_id="cleanUp", status_code=202, responses=problems(400))
    async def clean_up(
        request: Request, response: Response, caller: _Asking, body: CleanupBody = _AS_SET
    ) -> TaskAnswer:
        """Delete what is past its time, remove what belongs to nothing, compress, and give space back."""
        wish = body.model_dump(exclude_none=True)
        return await handed_in(
            parts.queue, NewTask(TaskType.CLEANUP_DATABASE, wish, caller.requested_by), request, response
        )

    @routes.post("/status", tags=["tasks"], operation_id="setStatus", status_code=202, responses=problems(400))
    async def status(body: StatusBody, request: Request, response: Response, caller: _Asking) -> TaskAnswer:
        """Mark messages as read or processed, or not: those named, or all that people said in conversations."""
        wish = body.model_dump(exclude_none=True)
        return await handed_in(
            parts.queue, NewTask(TaskType.UPDATE_STATUS, wish, caller.requested_by), request, response
        )

    @routes.get("/stats", tags=["statistics"], operation_id="getStats", responses=problems())
    async def stats(_: _Reading) -> StatsShown:
        """Count what there is."""
        return StatsShown.model_validate(await parts.statistics.stats())

    return routes
