"""Background tasks and their owner."""

import asyncio
from datetime import timedelta

from structlog.testing import capture_logs

from source.domain.errors import StoreUnavailableError
from source.services.owned_tasks import OwnedTasks


async def _raises(error: Exception) -> None:
    raise error


async def test_work_that_breaks_is_logged_and_the_end_waits_for_the_rest() -> None:
    tasks, done = OwnedTasks(), list[str]()

    async def works() -> None:
        await asyncio.sleep(0)
        done.append("works")

    with capture_logs() as logs:
        tasks.spawn(_raises(ZeroDivisionError()), name="breaks")
        tasks.spawn(works(), name="works")
        hanging = tasks.spawn(asyncio.Event().wait(), name="hangs")
        await tasks.drain(timedelta(seconds=0.05))
    assert done == ["works"]
    assert hanging.cancelled()
    assert [(line["log_level"], line["task"]) for line in logs] == [("error", "breaks")]


async def test_a_failure_that_somebody_is_told_of_is_no_error_in_the_log() -> None:
    tasks = OwnedTasks()
    with capture_logs() as logs:
        tasks.spawn(_raises(StoreUnavailableError("locked")), name="accept")
        await tasks.drain(timedelta(seconds=1))
    assert [line["log_level"] for line in logs] == ["debug"]


async def test_the_end_waits_for_what_is_begun_meanwhile() -> None:
    tasks, done = OwnedTasks(), list[str]()

    async def follows() -> None:
        await asyncio.sleep(0)
        done.append("follows")

    async def leads() -> None:
        await asyncio.sleep(0)
        tasks.spawn(follows(), name="follows")

    tasks.spawn(leads(), name="leads")
    await tasks.drain(timedelta(seconds=5))
    assert done == ["follows"]


async def test_nothing_begins_after_the_close() -> None:
    tasks, done = OwnedTasks(), list[str]()

    async def works() -> None:
        done.append("works")

    await tasks.close(timedelta(0))
    late = tasks.spawn(works(), name="late")
    await asyncio.wait({late})
    assert late.cancelled()
    assert not done
