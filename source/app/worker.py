"""Making memories apart from the Echo that has the conversations: batches from a queue, the rest over its API."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from typing import Final, Protocol

import structlog

from source.adapters.llm.offline import OfflineModel
from source.adapters.remote.api_client import ApiClient
from source.adapters.remote.memory_desk import ApiMemoryDesk
from source.adapters.sqs.memory_queue import SqsMemoryQueue
from source.app.log_scrubbing import scrub_of
from source.app.log_setup import set_up_logging
from source.app.memories import memory_extractor
from source.app.models import choose_model
from source.app.personal_data import scrubbed
from source.app.settings import Settings
from source.domain.errors import SettingsError
from source.domain.token_estimate import TokenEstimator
from source.ports.clock import SystemClock
from source.ports.llm import LanguageModel
from source.ports.memories import BatchInbox, MemoryDesk
from source.services.memories import MemoryService
from source.services.memory_worker import MemoryWorker
from source.services.prices import Prices
from source.services.structured_model import StructuredLanguageModel, UsageLedger

log = structlog.get_logger(__name__)

# What has begun is finished when the system asks for the end: one model call, as a rule.
_FINISHING_SECONDS: Final = 60.0


async def run_memory_worker(settings: Settings) -> int:
    """Make the memories of the batches in MEMORY_QUEUE_URL for the Echo at ECHO_API_URL, until cancelled.

    Raises: SettingsError: something is missing, or refused. QueueUnavailableError: the queue cannot be reached at
        the start.
    """
    if settings.memory_queue_url is None or settings.echo_api_url is None:
        raise SettingsError(
            "A worker takes its batches from a queue and the conversations from a running Echo: set MEMORY_QUEUE_URL "
            "as it is set there, ECHO_API_URL to its address, and ECHO_API_KEY to a key with the scopes read and write."
        )
    set_up_logging(
        level=settings.log_level, form=settings.log_format, secrets=settings.secrets, scrub=scrub_of(settings)
    )
    key = settings.echo_api_key.get_secret_value() if settings.echo_api_key else None
    async with AsyncExitStack() as stack:
        model = await choose_model(settings)
        stack.push_async_callback(model.close)
        api = await stack.enter_async_context(ApiClient(settings.echo_api_url, key))
        queue = SqsMemoryQueue(settings.memory_queue_url)
        await stack.enter_async_context(queue.open())
        log.info("worker_started", model=model.name, api=settings.echo_api_url)
        await _until_cancelled(memory_worker(settings, queue, ApiMemoryDesk(api), model))
    return 0


class WorkersDesk(MemoryDesk, UsageLedger, Protocol):
    """Where memories are put down with what they cost."""


def memory_worker(settings: Settings, queue: BatchInbox, desk: WorkersDesk, model: LanguageModel) -> MemoryWorker:
    """Return the worker; what its model calls cost is told to the Echo that it works for."""
    clock = SystemClock()
    prices = Prices(settings.model_input_price, settings.model_cached_price, settings.model_output_price)
    asking = (
        None
        if isinstance(model, OfflineModel)
        else StructuredLanguageModel(scrubbed(model, settings), desk, clock, TokenEstimator(), prices=prices)
    )
    return MemoryWorker(queue, MemoryService(desk, memory_extractor(asking), clock), clock)


async def _until_cancelled(worker: MemoryWorker) -> None:
    """Work; when cancelled, finish what has begun within a deadline."""
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop), name="memory-worker")
    try:
        await asyncio.shield(working)
    finally:
        log.info("worker_stopping", until="memories that have begun are finished")
        stop.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(working, _FINISHING_SECONDS)
