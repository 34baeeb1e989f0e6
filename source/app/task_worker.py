"""Doing tasks in a process of its own, beside the Echo that talks: both share a PostgreSQL database."""

import asyncio
from contextlib import AsyncExitStack

import structlog

from source.adapters.storage.sql_store import SqlStore
from source.app.echo import Echo
from source.app.log_scrubbing import scrub_of
from source.app.log_setup import set_up_logging
from source.app.models import choose_model
from source.app.operations import Operations
from source.app.settings import Settings
from source.domain.errors import SettingsError
from source.domain.task import Lane
from source.ports.clock import SystemClock

log = structlog.get_logger(__name__)

_NOTHING_TO_DO = (
    "A worker needs work that it can reach: set MEMORY_QUEUE_URL and ECHO_API_URL for batches from a queue, "
    "or DATABASE_URL to the PostgreSQL database of the Echo that it works for. On SQLite, Echo does all tasks itself."
)


async def run_worker(settings: Settings) -> int:
    """Work until cancelled: on batches of memories from a queue where one is set, else on the tasks of the database.

    Raises: SettingsError: there is neither.
    """
    if settings.memory_queue_url is not None:
        from source.app.worker import run_memory_worker

        return await run_memory_worker(settings)
    if settings.server_url is None:
        raise SettingsError(_NOTHING_TO_DO)
    set_up_logging(
        level=settings.log_level, form=settings.log_format, secrets=settings.secrets, scrub=scrub_of(settings)
    )
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        store = await SqlStore.open(settings.database, clock=clock, durability=settings.durability)
        stack.push_async_callback(store.close)
        model = await choose_model(settings)
        stack.push_async_callback(model.close)
        operations = Operations(Echo(settings, store, model, clock), lanes=(Lane.ANYWHERE,))
        log.info("worker_started", model=model.name)
        await _until_cancelled(operations)
    return 0


async def _until_cancelled(operations: Operations) -> None:
    """Do tasks; at the end pieces that have begun are finished, and the rest is left for others."""
    stop = asyncio.Event()
    engine = asyncio.create_task(operations.engine.run(stop), name="tasks")
    try:
        await asyncio.shield(engine)
    finally:
        stop.set()
        await engine
