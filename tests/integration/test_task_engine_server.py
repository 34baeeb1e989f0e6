"""Tasks while the database server goes away and comes back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from source.domain.task import NewTask, TaskStatus
from tests.fakes.databases import own_server
from tests.fakes.postgres import PostgresServer
from tests.fakes.task_bench import COUNT, GatedHandler, opened_bench
from tests.fakes.task_queue import EchoingHandler


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with own_server() as started:
        yield started


@pytest.mark.parametrize("how", ["INT", "QUIT"])
async def test_tasks_go_on_when_the_server_is_back(
    server: PostgresServer, tmp_path: Path, how: Literal["INT", "QUIT"]
) -> None:
    handler = GatedHandler()
    url = server.url().render_as_string(hide_password=False)
    async with opened_bench(url, tmp_path) as bench, bench.desk(handler) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 3}))
        await handler.begun.get()
        await asyncio.to_thread(server.stop, how)
        for _ in range(9):
            handler.may_end.release()
        await asyncio.sleep(0.5)  # the piece ends while nothing can be noted
        await asyncio.to_thread(server.start)
        ended = await desk.ended(task)
        after = await desk.ended(await desk.queue.submit(NewTask(COUNT, {"items": 1})))
    assert (ended.status, after.status) == (TaskStatus.COMPLETED, TaskStatus.COMPLETED)
    assert ended.output_data == {"results": [{"item": 0}, {"item": 1}, {"item": 2}]}


async def test_an_engine_stops_while_the_server_is_away(server: PostgresServer, tmp_path: Path) -> None:
    url = server.url().render_as_string(hide_password=False)
    async with opened_bench(url, tmp_path) as bench:
        async with bench.desk(EchoingHandler()) as desk:
            await desk.ended(await desk.queue.submit(NewTask(COUNT)))
            await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        async with bench.desk(EchoingHandler()) as desk:
            again = await desk.ended(await desk.queue.submit(NewTask(COUNT)))
    assert again.status is TaskStatus.COMPLETED
