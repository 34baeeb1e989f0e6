"""What the engine does when its own database is damaged, away, or cannot be written."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dbos
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from source.adapters.tasks import dbos_runtime, engine
from source.adapters.tasks.execution_file import ExecutionConnection, prepare
from source.domain.errors import StoreUnavailableError
from source.domain.task import NewTask, TaskStatus
from tests.fakes.databases import database_of
from tests.fakes.task_bench import COUNT, GatedHandler, TaskBench, opened_bench
from tests.fakes.task_queue import EchoingHandler


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[TaskBench]:
    with database_of("sqlite", tmp_path) as url:
        async with opened_bench(url, tmp_path) as opened:
            yield opened


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_TRIES_AGAIN_AFTER", timedelta(seconds=0.05))


async def _half_done(bench: TaskBench) -> tuple[int, Path]:
    """Leave a task behind of which the first of two pieces is done; return its id and the engine's file."""
    assert isinstance(bench.database, Path)
    handler = GatedHandler()
    async with bench.desk(handler) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 2}))
        await handler.begun.get()
        asyncio.get_running_loop().call_later(0.1, handler.may_end.release)
    return task.task_id, bench.database


def _remove(file: Path) -> None:
    for part in ("", "-wal", "-shm"):
        file.with_name(f"{file.name}{part}").unlink(missing_ok=True)


def test_an_old_sqlite_tells_the_time_to_an_engine_that_asks_for_parts_of_a_second() -> None:
    with contextlib.closing(sqlite3.connect(":memory:", factory=ExecutionConnection)) as connection:
        connection.execute("CREATE TABLE noted (what, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))")
        connection.execute("INSERT INTO noted (what) VALUES ('a version')")
        [at] = connection.execute("SELECT at FROM noted").fetchone()
    assert abs(at / 1000 - time.time()) < 5


def _scribble_over_the_head(file: Path) -> None:
    file.write_bytes(b"scribble" * 512 + file.read_bytes()[4096:])


def _scribble_over_the_rest(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4096] + b"scribble" * 4096)


@pytest.mark.parametrize("harm", [_remove, _scribble_over_the_head, _scribble_over_the_rest])
async def test_without_its_log_the_engine_begins_unfinished_tasks_again(
    bench: TaskBench, harm: Callable[[Path], None]
) -> None:
    task_id, file = await _half_done(bench)
    harm(file)
    handler = EchoingHandler()
    async with bench.desk(handler) as desk:
        task = await desk.rows.get(task_id)
        assert task is not None
        assert (await desk.ended(task)).status is TaskStatus.COMPLETED
    assert handler.performed == [0, 1]


def test_a_damaged_file_is_put_aside_and_not_thrown_away(tmp_path: Path) -> None:
    file = tmp_path / "tasks.db"
    file.write_bytes(b"not a database" * 100)
    with capture_logs() as logs:
        prepare(file)
    assert (tmp_path / "tasks.db.damaged").read_bytes() == b"not a database" * 100
    assert [line["event"] for line in logs] == ["task_log_damaged"]
    with contextlib.closing(sqlite3.connect(file)) as connection:
        [mode] = connection.execute("PRAGMA journal_mode").fetchone()
    assert mode == "wal"


async def test_an_engine_that_cannot_start_waits_until_it_can(bench: TaskBench, quickly: None) -> None:
    assert isinstance(bench.database, Path)
    bench.database.mkdir()
    with capture_logs() as logs:
        async with bench.desk(EchoingHandler()) as desk:
            task = await desk.queue.submit(NewTask(COUNT, {"items": 1}))
            while not any(line["event"] == "task_engine_disturbed" for line in logs):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            bench.database.rmdir()
            assert (await desk.ended(task)).status is TaskStatus.COMPLETED


async def test_an_engine_that_cannot_start_stops_when_asked_to(bench: TaskBench) -> None:
    assert isinstance(bench.database, Path)
    bench.database.mkdir()
    async with bench.desk(EchoingHandler()) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 1}))
    assert (await desk.found(task)).status is TaskStatus.PENDING


async def test_a_piece_that_could_not_be_recorded_is_done_again(bench: TaskBench, quickly: None) -> None:
    handler = GatedHandler()
    async with bench.desk(handler) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 2}))
        await handler.begun.get()
        launched = desk.engine._runtime._launched
        assert launched is not None
        with _unwritable(launched.database.engine):
            handler.may_end.release()
            while not desk.engine._interrupted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for _ in range(2):
            handler.may_end.release()
        ended = await desk.ended(task)
    assert handler.performed == [0, 0, 1]
    assert (ended.status, ended.attempts) == (TaskStatus.COMPLETED, 2)
    assert ended.output_data == {"results": [{"item": 0}, {"item": 1}]}


class _unwritable:  # noqa: N801  # reads like a function
    """Within it every write to an engine's database fails as on a full disk."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        event.listen(self._engine, "before_cursor_execute", self._refuse)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._refuse)

    @staticmethod
    def _refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().startswith("SELECT"):
            raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))


async def test_an_idle_engine_has_no_threads_for_what_is_not_used(bench: TaskBench) -> None:
    async with bench.desk(EchoingHandler()) as desk:
        await desk.ended(await desk.queue.submit(NewTask(COUNT)))
        names = " ".join(thread.name for thread in threading.enumerate())
    assert "queue-worker-echo-owner" in names
    assert "background-jobs" not in names
    assert "scheduler" not in names


@pytest.mark.parametrize(
    "error", [value for value in vars(dbos.error).values() if isinstance(value, type) and issubclass(value, Exception)]
)
def test_every_error_of_the_vendor_is_the_stores(error: type[Exception]) -> None:
    raised = error.__new__(error)
    if not isinstance(raised, dbos.error.DBOSException):
        pytest.skip("not the vendor's own")
    with pytest.raises(StoreUnavailableError), dbos_runtime._vendor_errors():
        raise raised


def test_an_engine_that_does_not_run_says_so(tmp_path: Path) -> None:
    settings = dbos_runtime.RuntimeSettings(
        database=tmp_path / "tasks.db", lanes=(), concurrency=1, polling=timedelta(seconds=1)
    )
    runtime = dbos_runtime.DbosRuntime(settings, "me")
    runtime.close()
    for call in (
        lambda: runtime.enqueue([]),
        runtime.executors,
        lambda: runtime.take_over([]),
        lambda: runtime.give_back(1),
        lambda: runtime.states([1]),
    ):
        with pytest.raises(StoreUnavailableError):
            call()
