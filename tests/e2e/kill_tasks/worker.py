"""A process that does tasks, to be killed."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import structlog
from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, text

from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import ExecutorTable, TaskTable
from source.adapters.tasks.engine import DbosEngine, EngineSettings
from source.domain.task import Json, Lane, NewTask
from source.ports.clock import SystemClock
from source.services.agents.orchestrator import Orchestrator
from source.services.task_queue import StoredTaskQueue
from tests.fakes.task_queue import AgentOf

WRITE: Final = "WRITE_LEDGER"
LEDGER: Final = Table(
    "ledger",
    MetaData(),
    Column("piece", String, primary_key=True),
    # By whom the piece was written; were it written twice, the second one would be here.
    Column("writer", BigInteger, nullable=False),
)
_LONGEST_PIECE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process works: the store of `url`, and a folder for the engine's file and the journal."""

    url: str
    folder: Path
    process: str = "any"
    silence: timedelta = timedelta(seconds=1)

    @property
    def journal(self) -> Path:
        return self.folder / "journal.txt"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def held(self) -> Path:
        """While this file is there, pieces that this process has begun do not end."""
        return self.folder / f"held-{self.process}"

    @property
    def is_shared(self) -> bool:
        return not self.url.startswith("sqlite")


def work(place: Place, run: int, seed: int, tasks: int) -> None:
    """Hand in tasks and do whatever is there until killed."""
    _log_to(place.log)
    asyncio.run(_work(place, run, Random(seed), tasks))


def finish(place: Place, *, is_last: bool = True) -> None:
    """Do everything that is left, then end in order; as the last one also wait until the dead are forgotten."""
    _log_to(place.log)
    asyncio.run(_finish(place, is_last=is_last))


async def _work(place: Place, run: int, random: Random, tasks: int) -> None:
    async with _desk(place) as (queue, _rows, _executors):
        for number in range(tasks):
            name, pieces = f"{run}-{number}", random.randrange(1, 12)
            given = {"name": name, "pieces": pieces, "lane": random.choice(list(Lane)).value}
            await queue.submit(NewTask(f"{WRITE}_{given['lane']}", given, key=name))
            note(place, f"submitted {name} {pieces}")
        await asyncio.Event().wait()


async def _finish(place: Place, *, is_last: bool) -> None:
    async with _desk(place) as (_queue, rows, executors):
        while (  # noqa: ASYNC110  # others may do it
            await rows.waiting(tuple(Lane)) or await rows.in_hand() or (is_last and len(await executors.heard()) > 1)
        ):
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _desk(place: Place) -> AsyncIterator[tuple[StoredTaskQueue, TaskTable, ExecutorTable]]:
    store = await SqlStore.open(place.url, clock=SystemClock(), durability="normal")
    await store.change(_make_ledger)
    handlers = {f"{WRITE}_{lane.value}": LedgerHandler(store, place, lane) for lane in Lane}
    orchestrator = Orchestrator([AgentOf(handlers)])
    settings = EngineSettings(
        database=place.url if place.is_shared else place.folder / "tasks.db",
        silence=place.silence,
        polling=timedelta(seconds=0.05),
    )
    rows, executors = TaskTable(store), ExecutorTable(store)
    engine = DbosEngine(rows, executors, orchestrator, SystemClock(), settings)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.run(stop))
        yield StoredTaskQueue(rows, orchestrator, engine), rows, executors
        stop.set()
    await store.close()


def _make_ledger(connection: Connection, _now: datetime) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(4)"))  # two processes begin at the same time
    LEDGER.create(connection, checkfirst=True)


@dataclass(frozen=True, slots=True)
class LedgerHandler:
    """Writes each piece of a task into the ledger; one that is there is left as it is."""

    store: SqlStore
    place: Place
    lane: Lane

    def checked(self, given: Json) -> Json:
        return given

    async def plan(self, given: Json) -> Sequence[Json]:
        return [{"piece": f"{given['name']}/{number}"} for number in range(int(str(given["pieces"])))]

    async def perform(self, piece: Json) -> Json:
        name = str(piece["piece"])

        def apply(connection: Connection, _now: datetime) -> None:
            row = {"piece": name, "writer": os.getpid()}
            connection.execute(insert_of(connection, LEDGER).values(row).on_conflict_do_nothing())

        note(self.place, f"began {name} {self.place.process}")
        await asyncio.sleep(Random().uniform(0, _LONGEST_PIECE_SECONDS))
        while self.place.held.exists():  # noqa: ASYNC110  # another process says when
            await asyncio.sleep(0.02)
        await self.store.change(apply)
        note(self.place, f"wrote {name} {self.place.process}")
        return {"wrote": name}

    def report(self, results: Sequence[Json]) -> Json:
        return {"wrote": [result["wrote"] for result in results]}


def note(place: Place, line: str) -> None:
    """Append a line to the journal; it survives the kill of its process."""
    descriptor = os.open(place.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def _log_to(file: Path) -> None:
    logging.basicConfig(filename=file, level=logging.WARNING, force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
