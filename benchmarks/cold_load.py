"""How long a conversation takes from the store into memory.

Baseline: a bare `sqlite3` SELECT of the same rows, on a connection that is already open.
"""

import asyncio
import sqlite3
import statistics
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import measure
from benchmarks.made_up import made_up
from source.adapters.storage.sql_store import SqlStore
from source.domain.identifiers import IdGenerator
from source.ports.clock import SystemClock
from source.services.conversation import Conversation

_LENGTHS, _QUICK_LENGTHS = (20, 1_000, 10_000), (20, 100)
_OTHERS, _QUICK_OTHERS = 2_000, 10
_REPEATS = 5

Load = Callable[[int], Awaitable[int]]


async def _filled(path: Path, lengths: tuple[int, ...], others: int) -> dict[int, int]:
    """Fill a database; return the conversation ids by length."""
    ids, now = IdGenerator(), datetime.now(UTC)
    wanted = [made_up(number, length, last_at=now, ids=ids) for number, length in enumerate(lengths)]
    crowd = [made_up(len(lengths) + number, 20, last_at=now, ids=ids) for number in range(others)]
    store = await SqlStore.open(path, clock=SystemClock(), durability="normal")
    for start in range(0, len(crowd), 500):
        await store.restore(crowd[start : start + 500])
    await store.restore(wanted)
    await store.close()
    return {len(conversation.messages): conversation.head.conversation_id for conversation in wanted}


def _through_the_store(store: SqlStore) -> Load:
    async def load(conversation_id: int) -> int:
        stored = await store.load(conversation_id)
        assert stored is not None
        return len(Conversation.loaded(stored, IdGenerator()).history)

    return load


def _bare(connection: sqlite3.Connection) -> Load:
    query = "SELECT * FROM messages WHERE conversation_id = ? ORDER BY id"

    async def load(conversation_id: int) -> int:
        return len(connection.execute(query, (conversation_id,)).fetchall())

    return load


def _case(load: Load, conversation_id: int, length: int) -> measure.Case:
    async def run() -> float:
        laps: list[float] = []
        for _ in range(_REPEATS):
            watch = measure.Stopwatch()
            loaded = await load(conversation_id)
            laps.append(watch.lap())
            assert loaded == length
        return statistics.median(laps)

    return run


async def _compare(lengths: tuple[int, ...], others: int, runs: int) -> None:
    with measure.temporary_folder() as folder:
        path = folder / "echo.db"
        measure.progress(f"filling a database with {others:,} other conversations")
        conversation_ids = await _filled(path, lengths, others)
        store = await SqlStore.open(path, clock=SystemClock(), durability="normal")
        with closing(sqlite3.connect(path)) as connection:
            cases: dict[str, measure.Case] = {}
            for length, conversation_id in conversation_ids.items():
                cases[f"echo {length}"] = _case(_through_the_store(store), conversation_id, length)
                cases[f"bare {length}"] = _case(_bare(connection), conversation_id, length)
            took = measure.medians(await measure.interleaved(cases, runs=runs))
        await store.close()
    rows = [
        [
            f"{length:,}",
            measure.duration(took[f"echo {length}"]),
            measure.duration(took[f"bare {length}"]),
            measure.ratio(took[f"echo {length}"], took[f"bare {length}"]),
            measure.duration(took[f"echo {length}"] / length),
        ]
        for length in lengths
    ]
    print(measure.Table(["messages", "into memory", "bare SELECT", "ratio", "for each message"], rows))


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of which the median is shown (5)")
    given = parser.parse_args()
    lengths, others = (_QUICK_LENGTHS, _QUICK_OTHERS) if given.quick else (_LENGTHS, _OTHERS)
    measure.begin("A conversation from the store into memory")
    asyncio.run(_compare(lengths, others, 1 if given.quick else given.runs))


if __name__ == "__main__":
    main()
