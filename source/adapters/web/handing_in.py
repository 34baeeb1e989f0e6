"""Handing in work over HTTP."""

import hashlib
import json
from dataclasses import replace

from fastapi import Request, Response

from source.adapters.web.bodies import TaskAnswer
from source.adapters.web.idempotency import task_key_of
from source.domain.task import NewTask
from source.ports.tasks import TaskQueue


async def handed_in(queue: TaskQueue, new: NewTask, request: Request, response: Response) -> TaskAnswer:
    """Hand in a task and return its id; the answer's Location is where it can be followed.

    Raises: RefusedInputError: nobody does that, or not so. StoreError: it was not kept.
    """
    task = await queue.submit(replace(new, key=key_of(request, new.type, new.input)))
    return taken(response, task.task_id)


def taken(response: Response, task_id: int) -> TaskAnswer:
    """Return the answer to work that is a task now."""
    response.headers["Location"] = f"/api/conversations/tasks/{task_id}"
    return TaskAnswer(task_id=task_id)


def key_of(request: Request, *wish: object) -> str | None:
    """Return a task's key, of what is wished and of the request's own: that may name another wish a day later."""
    key = task_key_of(request)
    if key is None:
        return None
    wished = json.dumps(wish, sort_keys=True).encode()
    return f"{key}:{hashlib.sha256(wished).hexdigest()[:16]}"
