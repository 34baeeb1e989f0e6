"""How long lists of records take in a store of many conversations, on SQLite and on PostgreSQL.

There is no baseline: what they may take is said in milliseconds. `--processor` counts the processor time of this
process instead of the time that passes, for a machine that is busy; of PostgreSQL it sees little then.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, insert, make_url, text

from benchmarks import measure
from source.adapters.storage.migrate import bring_up_to_date
from source.adapters.storage.operation_tables import conversation_metadata, message_metadata, user_summaries
from source.adapters.storage.record_table import RecordTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import conversations, messages, participants, threads
from source.ports.clock import SystemClock
from source.services.records import RecordLists
from tests.fakes.databases import KINDS, database_of

_MANY, _FEW = 100_000, 500
_MESSAGES_EACH = 5
_CALLS, _QUICK_CALLS = 60, 3
_CHUNK = 5_000
_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_RARE = 1_000


@dataclass(frozen=True)
class Asked:
    """A list as somebody asks for it; `count` asks how many there are instead."""

    collection: str
    filter: object = None
    order_by: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 50
    count: bool = False
    deep: bool = False


def asked(size: int) -> dict[str, Asked]:
    """Return what is measured; most find a page full among everything, some look for what is rare."""
    user = {"user_id": f"user-{size // 40}"}
    day = {"start_time": {"$gte": (_NOW - timedelta(minutes=size // 2)).isoformat(), "$lt": _NOW.isoformat()}}
    session = {"session_id": size // 2}
    return {
        "sessions, the latest": Asked("sessions"),
        "sessions, a deep page with `after`": Asked("sessions", deep=True),
        "sessions, a deep page with `offset`": Asked("sessions", offset=size // 2),
        "sessions of a user": Asked("sessions", user),
        "sessions of a platform": Asked("sessions", {"platform": "discord"}),
        "sessions of a rare platform": Asked("sessions", {"platform": "terminal"}),
        "sessions that run": Asked("sessions", {"state": "active"}),
        "sessions that are archived (rare)": Asked("sessions", {"state": "archived"}),
        "sessions of half the time": Asked("sessions", day),
        "sessions, the last changed": Asked("sessions", order_by=("-updated_at",)),
        "sessions starred (rare)": Asked("sessions", {"is_starred": True}),
        "sessions by language": Asked("sessions", {"language": "de"}),
        "sessions by intent (rare)": Asked("sessions", {"intents.primary": "rare"}),
        "sessions by title": Asked("sessions", {"title": {"$contains": f"{size - 77}"}}),
        "messages of a session": Asked("messages", session, ("timestamp",)),
        "messages, the latest by id": Asked("messages", order_by=("-id",)),
        "messages said, the latest": Asked("messages", {"message_type": "chat", "standing": "kept"}, ("-timestamp",)),
        "messages of any kind, the latest": Asked("messages", order_by=("-timestamp",)),
        "messages by intent (rare)": Asked("messages", {"intent": "rare"}),
        "messages unread": Asked("messages", {"is_read": False, "role": "user"}, ("-id",)),
        "user summaries, the last seen": Asked("user_summaries"),
        "user summaries of an outlet": Asked("user_summaries", {"outlet_id": 3}),
        "sessions counted": Asked("sessions", count=True),
        "sessions of a user counted": Asked("sessions", user, count=True),
        "sessions of a platform counted": Asked("sessions", {"platform": "discord"}, count=True),
    }


def rows_of(size: int) -> Iterator[tuple[Table, dict[str, Any]]]:
    """Yield made-up rows: `size` conversations, one a minute, and what is known of them."""
    chance = random.Random(7)
    platforms = ["discord"] * 5 + ["whatsapp"] * 3 + ["web"]
    for number in range(1, size // 2 + 1):
        platform = "terminal" if number % _RARE == 0 else chance.choice(platforms)
        yield threads, {"id": number, "platform": platform, "thread_id": f"thread-{number}"}
    for number in range(1, size + 1):
        yield from _conversation(number, size, chance)
    for number in range(1, size // 20 + 1):
        yield (
            user_summaries,
            {
                "id": number,
                "user_id": f"user-{number}",
                "outlet_id": number % 500,
                "total_conversations": 20,
                "total_messages": 60,
                "intents": {},
                "last_interaction": _NOW - timedelta(minutes=chance.randrange(size)),
                "version": 1,
                "created_at": _NOW,
                "updated_at": _NOW,
            },
        )


def _conversation(number: int, size: int, chance: random.Random) -> Iterator[tuple[Table, dict[str, Any]]]:
    began = _NOW - timedelta(minutes=size - number)
    user = f"user-{chance.randrange(size // 20) + 1}"
    state = "archived" if number % _RARE == 0 else "active" if number > size // 2 and number % 2 else "ended"
    head = {"carried_summary": "", "running_summary": "", "context_start": 0, "filename": f"{number}.json"}
    yield (
        conversations,
        {
            **head,
            "id": number,
            "thread_key": number // 2 + 1 if number < size else 1,
            "requester": user,
            "state": state,
            "created_at": began,
            "updated_at": began + timedelta(minutes=5),
            "last_message_at": began + timedelta(minutes=5),
            "title": f"About number {number}",
            "summary": "What was said there, in some words. " * 10,
            "is_active": False,
        },
    )
    yield participants, {"external_id": user, "conversation_id": number}
    for turn in range(_MESSAGES_EACH):
        yield (
            messages,
            {
                "id": number * 10 + turn,
                "conversation_id": number,
                "created_at": began + timedelta(minutes=turn),
                "message_type": "chat",
                "content": "Some words that somebody said. " * 4,
                "requester": None if turn % 2 else user,
                "interrupted": False,
            },
        )
    if number % 2:
        yield (
            conversation_metadata,
            {
                "conversation_id": number,
                "analyzed_to": 0,
                "is_starred": number % (_RARE + 1) == 0,
                "recall_count": 0,
                "language": chance.choice(["en", "de", "fr"]),
                "intents": {"primary": "rare" if number % (_RARE + 1) == 0 else "order"},
                "version": 1,
                "updated_at": _NOW,
            },
        )
        yield (
            message_metadata,
            {
                "conversation_id": number,
                "message_id": number * 10,
                "intent": "rare" if number % (_RARE + 1) == 0 else "order",
                "is_read": number % 3 == 0,
                "is_processed": False,
                "version": 1,
                "updated_at": _NOW,
            },
        )


def fill(url: str, size: int) -> None:
    """Fill an empty store."""
    is_file = url.startswith("sqlite")
    engine = create_engine(url if is_file else make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        if is_file:
            bring_up_to_date(connection)
        _put_all(connection, size)
        connection.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _put_all(connection: Connection, size: int) -> None:
    waiting: dict[Table, list[dict[str, Any]]] = {}
    for table, row in rows_of(size):
        waiting.setdefault(table, []).append(row)
        if len(waiting[table]) == _CHUNK and table is messages:
            _put(connection, waiting)
    _put(connection, waiting)


def _put(connection: Connection, waiting: dict[Table, list[dict[str, Any]]]) -> None:
    for table in (
        threads,
        conversations,
        participants,
        messages,
        conversation_metadata,
        message_metadata,
        user_summaries,
    ):
        if rows := waiting.pop(table, None):
            connection.execute(insert(table), rows)


async def measured(lists: RecordLists, wanted: Asked, calls: int, now: Callable[[], float]) -> list[float]:
    """Return how long each of the calls took."""
    after = None
    if wanted.deep:
        half = await lists.count("sessions") // 2
        after = (await lists.list("sessions", offset=half)).next
    laps: list[float] = []
    for _ in range(calls):
        began = now()
        if wanted.count:
            await lists.count(wanted.collection, filter=wanted.filter)
        else:
            await lists.list(
                wanted.collection,
                filter=wanted.filter,
                order_by=wanted.order_by,
                limit=wanted.limit,
                offset=wanted.offset,
                after=after,
            )
        laps.append(now() - began)
    return laps


async def _measure(folder: Path, size: int, calls: int, now: Callable[[], float]) -> None:
    figures: dict[str, dict[str, list[float]]] = {}
    for kind in KINDS:
        with database_of(kind, folder) as url:
            measure.progress(f"filling {kind} with {size:,} conversations")
            await asyncio.to_thread(fill, url, size)
            store = await SqlStore.open(url, clock=SystemClock(), durability="normal")
            lists = RecordLists(RecordTable(store))
            for name, wanted in asked(size).items():
                await measured(lists, wanted, min(calls, 2), now)
                figures.setdefault(name, {})[kind] = await measured(lists, wanted, calls, now)
            await store.close()
    rows = [[name, *(_shown(by_kind[kind]) for kind in KINDS)] for name, by_kind in figures.items()]
    print(measure.Table(["p50 / p95", *KINDS], rows))


def _shown(laps: list[float]) -> str:
    p95 = statistics.quantiles(laps, n=20, method="inclusive")[-1]
    return f"{statistics.median(laps) * 1000:.1f} / {p95 * 1000:.1f} ms"


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--processor", action="store_true", help="processor time instead of time")
    given = parser.parse_args()
    measure.begin("Lists of records" + (", processor time" if given.processor else ""))
    with measure.temporary_folder() as folder:
        size, calls = (_FEW, _QUICK_CALLS) if given.quick else (_MANY, _CALLS)
        asyncio.run(_measure(folder, size, calls, time.process_time if given.processor else time.perf_counter))


if __name__ == "__main__":
    main()
