"""Handing in work over HTTP."""

from fastapi import Response

from source.adapters.web.bodies import TaskAnswer
from source.domain.task import NewTask
from source.ports.tasks import TaskQueue


async def handed_in(queue: TaskQueue, new: NewTask, response: Response) -> TaskAnswer:
    """Hand in a task and return its id; the answer's Location is where it can be followed.

    Raises: RefusedInputError: nobody does that, or not so. StoreError: it was not kept.
    """
    return taken(response, (await queue.submit(new)).task_id)


def taken(response: Response, task_id: int) -> TaskAnswer:
    """Return the answer to work that is a task now."""
    response.headers["Location"] = f"/api/conversations/tasks/{task_id}"
    return TaskAnswer(task_id=task_id)
