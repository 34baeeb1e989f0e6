"""Cleaning up, and what there is."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import TaskAnswer
from source.adapters.web.documented import problems
from source.adapters.web.handing_in import handed_in
from source.adapters.web.pages import Body
from source.domain.task import NewTask, TaskType
from source.ports.tasks import TaskQueue

_Asking = Annotated[Caller, requires(Scope.TASKS)]
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


@dataclass(frozen=True, slots=True)
class CleanupParts:
    """What cleaning up over HTTP needs."""

    queue: TaskQueue


def router(parts: CleanupParts) -> APIRouter:
    """Return the route of the clean-up."""
    routes = APIRouter(prefix="/api/conversations", tags=["clean-up"])

    @routes.post("/cleanup", operation_id="cleanUp", status_code=202, responses=problems(400))
    async def clean_up(body: CleanupBody, response: Response, caller: _Asking) -> TaskAnswer:
        """Delete what is past its time, remove what belongs to nothing, compress, and give space back."""
        wish = body.model_dump(exclude_none=True)
        return await handed_in(parts.queue, NewTask(TaskType.CLEANUP_DATABASE, wish, caller.requested_by), response)

    return routes
