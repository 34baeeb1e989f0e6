"""What the task engine's vendor says and blocks."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from source.adapters.tasks import dbos_log
from source.adapters.tasks.dbos_log import hush
from source.adapters.tasks.threads import on_a_thread


@pytest.fixture
def vendor() -> Iterator[logging.Logger]:
    logger = logging.getLogger("dbos")
    handlers, filters = logger.handlers[:], logger.filters[:]
    logger.handlers.clear()
    hush()
    yield logger
    logger.handlers[:], logger.filters[:] = handlers, filters


def _warn(logger: logging.Logger, text: str) -> None:
    logger.warning(text)


def test_a_warning_is_heard_once_a_minute(
    vendor: logging.Logger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in (0.0, 30.0, 59.0, 60.0, 61.0):
        monkeypatch.setattr("time.monotonic", lambda second=second: 1_000 + second)
        _warn(vendor, f"the queue is away ({second})")
    vendor.warning("something else")
    assert caplog.messages == ["the queue is away (0.0)", "the queue is away (60.0)", "something else"]


def test_that_work_was_left_for_later_is_no_warning(vendor: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    vendor.warning("Asyncio task cancelled for workflow or step <function>")
    assert caplog.messages == []


def test_it_has_no_handler_of_its_own_that_prints(vendor: logging.Logger) -> None:
    hush()
    assert [type(handler) for handler in vendor.handlers] == [logging.NullHandler]
    assert len([each for each in vendor.filters if isinstance(each, dbos_log.Sober)]) == 1


async def test_what_blocks_returns_or_raises_to_whoever_waits() -> None:
    assert await on_a_thread(threading.current_thread) is not threading.current_thread()

    def fail() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError):
        await on_a_thread(fail)


async def test_nobody_has_to_wait_for_what_blocks() -> None:
    goes_on, is_over = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def block() -> None:
        goes_on.wait()
        loop.call_soon_threadsafe(is_over.set)

    waiting = asyncio.create_task(on_a_thread(block))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    goes_on.set()
    await is_over.wait()


def test_what_blocks_for_longer_than_the_program_keeps_it_from_nothing() -> None:
    goes_on = threading.Event()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(on_a_thread(goes_on.wait), 0.01)

    asyncio.run(leave())
    goes_on.set()
    for thread in threading.enumerate():
        if thread.name == "echo-tasks":
            thread.join()
