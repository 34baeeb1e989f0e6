"""Durable appends and turns: Echo's store against another library's and against plain sqlite3.

    python -m benchmarks.append [--quick] [--server postgresql://user:password@host/postgres]

Everything is committed with a sync (DURABILITY=full), and at the end of the timed part every message of
Echo's can be found by a search. Each case has a fresh database; with a server, Echo's are also made there.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from benchmarks import measure
from benchmarks.append_baselines import AgentsSession, Appender, BareGroupLoop, BareRowLoop
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead, CreatedReason
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage, ModelUsage, Purpose, TurnRecord
from source.ports.clock import SystemClock
from tests.fakes.postgres import Postgres

_SIZES = {1: 1_500, 100: 20_000}
_QUICK_SIZES = {1: 30, 100: 300}
_SLOW_SHARE = 20  # the baseline that commits every message alone gets this much less to do at 100 writers
_numbers = itertools.count()
_RANDOM = random.Random(7)
_WORDS = ["".join(_RANDOM.choices("abcdefghijklmnopqrstuvwxyz", k=_RANDOM.randint(3, 9))) for _ in range(8_000)]
_TEXTS = [" ".join(_RANDOM.choices(_WORDS, k=45)) for _ in range(500)]


class StoreAppender:
    """One message a transaction of `commit_turn`, each writer in a conversation of its own."""

    def __init__(self, store: SqlStore, heads: list[ConversationHead]) -> None:
        self._store = store
        self._heads = heads

    @classmethod
    async def opened(cls, database: Path | str, writers: int) -> "StoreAppender":
        store = await SqlStore.open(database, clock=SystemClock(), durability="full")
        heads = [_head(store, writer) for writer in range(writers)]
        for head in heads:
            await store.commit_turn(TurnRecord(head.conversation_id, heads=(head,)))
        return cls(store, heads)

    async def append(self, writer: int, text: str) -> None:
        await self._store.commit_turn(
            TurnRecord(self._heads[writer].conversation_id, (_message(self._store, text, requester="ada"),))
        )

    async def finish(self) -> None:
        """Search, which has the index catch up with everything."""
        await self._store.search("lighthouse")

    async def close(self) -> None:
        await self._store.close()


class TurnAppender(StoreAppender):
    """A whole turn: accept, then two messages, usage and the answered event."""

    async def append(self, writer: int, text: str) -> None:
        head = self._heads[writer]
        person = PersonRef("ada", "Ada")
        inbound = InboundMessage(f"event-{next(_numbers)}", head.thread, person, text, datetime.now(UTC))
        event = await self._store.accept(inbound)
        assert event is not None
        said = _message(self._store, text, requester="ada", event_id=inbound.event_id)
        reply = _message(self._store, text)
        usage = ModelUsage("model", Purpose.REPLY, datetime.now(UTC), 100, 80, 20)
        await self._store.commit_turn(
            TurnRecord(head.conversation_id, (said, reply), people=(person,), usage=(usage,), answered=(event.key,))
        )
        await self._store.mark_delivered([event.key])


def _head(store: SqlStore, writer: int) -> ConversationHead:
    now = datetime.now(UTC)
    thread = ThreadRef(Platform.TERMINAL, f"thread-{writer}")
    return ConversationHead(
        store.ids.next(now), thread, "ada", now, now, CreatedReason.FIRST_MESSAGE, f"conversation-{writer}.json"
    )


def _message(store: SqlStore, text: str, *, requester: str | None = None, event_id: str | None = None) -> Message:
    now = datetime.now(UTC)
    return Message(now, MessageType.CHAT, text, requester=requester, message_id=store.ids.next(now), event_id=event_id)


def _new_file(folder: Path) -> Path:
    return folder / f"{next(_numbers)}.db"


async def seconds_each(appender: Appender, writers: int, count: int) -> float:
    """Return what one of `count` appends takes, everything searchable at the end."""
    texts = itertools.cycle(_TEXTS)

    async def write(writer: int) -> None:
        for _ in range(count // writers):
            await appender.append(writer, next(texts))

    started = time.perf_counter()
    await asyncio.gather(*(write(writer) for writer in range(writers)))
    await appender.finish()
    return (time.perf_counter() - started) / (count // writers * writers)


def _baseline(make: Callable[[Path], Appender], folder: Path, writers: int, count: int) -> measure.Case:
    async def run() -> float:
        appender = make(_new_file(folder))
        return await seconds_each(appender, writers, count)

    return run


def _ours(kind: type[StoreAppender], folder: Path, writers: int, count: int) -> measure.Case:
    async def run() -> float:
        appender = await kind.opened(_new_file(folder), writers)
        took = await seconds_each(appender, writers, count)
        await appender.close()
        return took

    return run


def _on_server(kind: type[StoreAppender], server: Postgres, writers: int, count: int) -> measure.Case:
    async def run() -> float:
        with server.database() as url:
            appender = await kind.opened(url, writers)
            took = await seconds_each(appender, writers, count)
            await appender.close()
        return took

    return run


def _cases(folder: Path, server: Postgres | None, writers: int, count: int) -> dict[str, measure.Case]:
    fewer = count if writers == 1 else max(writers, count // _SLOW_SHARE)
    cases = {
        "echo, append": _ours(StoreAppender, folder, writers, count),
        "echo, turn of 2 messages": _ours(TurnAppender, folder, writers, count // 2),
        "bare group loop": _baseline(BareGroupLoop, folder, writers, count),
        "openai-agents SQLiteSession": _baseline(partial(AgentsSession, writers=writers), folder, writers, fewer),
    }
    if server is not None:
        cases["echo, append, PostgreSQL"] = _on_server(StoreAppender, server, writers, count)
        cases["echo, turn of 2 messages, PostgreSQL"] = _on_server(TurnAppender, server, writers, count // 2)
    if writers == 1:
        cases["bare one-row loop"] = _baseline(BareRowLoop, folder, writers, count)
    return cases


async def _compare(sizes: dict[int, int], runs: int, server: Postgres | None) -> None:
    with measure.temporary_folder() as folder:
        for writers, count in sizes.items():
            took = measure.medians(await measure.interleaved(_cases(folder, server, writers, count), runs=runs))
            ours = took["echo, append"]
            rows = [
                [name, f"{1 / seconds:,.0f}/s", measure.duration(seconds), measure.ratio(seconds, ours)]
                for name, seconds in took.items()
            ]
            heads = [f"{writers} writer{'s' * (writers > 1)}", "throughput", "time each", "ratio: Echo's append is"]
            print(f"{measure.Table(heads, rows)}\n")


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of which the median is shown (5)")
    parser.add_argument("--server", help="a PostgreSQL server on which databases may be made")
    given = parser.parse_args()
    server = Postgres(make_url(given.server)) if given.server else None
    measure.begin("Durable appends and turns, indexed for search", durability="full")
    asyncio.run(_compare(_QUICK_SIZES if given.quick else _SIZES, 1 if given.quick else given.runs, server))
    if server is not None:
        server.close()


if __name__ == "__main__":
    main()
