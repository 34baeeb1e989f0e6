"""Counting people's conversations anew."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import TaskAnswer
from source.adapters.web.documented import problems
from source.adapters.web.handing_in import handed_in
from source.domain.task import NewTask, TaskType
from source.ports.tasks import TaskQueue

_Asking = Annotated[Caller, requires(Scope.TASKS)]


def router(queue: TaskQueue) -> APIRouter:
    """Return the route of the count."""
    routes = APIRouter(prefix="/api/people")

    @routes.post(
        "/interactions/rebuild",
        tags=["tasks"],
        operation_id="recountInteractions",
        status_code=202,
        responses=problems(400),
    )
    async def recount(request: Request, response: Response, caller: _Asking) -> TaskAnswer:
        """Count anew what is counted of people; `output_data` says in how many conversations it was wrong."""
        wish = NewTask(TaskType.RECOUNT_INTERACTIONS, {}, caller.requested_by)
        return await handed_in(queue, wish, request, response)

    return routes
