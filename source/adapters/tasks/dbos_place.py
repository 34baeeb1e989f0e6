"""Where a task is carried out: inside one of dbos' workflows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from source.services.task_runner import Outcome

log = structlog.get_logger(__name__)
T = TypeVar("T")


class DbosPlace:
    """Implements `Place`: steps are recorded by dbos on its own event loop, and the work is done on Echo's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, interrupted: Callable[[], None]) -> None:
        self._loop = loop
        self._interrupted = interrupted

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        async def begun() -> T:
            return await work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(begun(), self._loop))

    async def step(self, name: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        from dbos import DBOS
        from dbos import error as dbos_errors

        async def done() -> Outcome:
            return await self.call(work)

        try:
            return await DBOS.run_step_async({"name": name}, done)
        except (dbos_errors.DBOSWorkflowConflictIDError, dbos_errors.DBOSWorkflowCancelledError):
            # Another process goes on with it: this one was silent for too long.
            log.info("task_lost_to_another")
            raise asyncio.CancelledError from None
        except SQLAlchemyError as error:
            log.warning("task_step_unrecorded", error=type(error.__cause__ or error).__name__)
            self._interrupted()
            raise asyncio.CancelledError from error
