"""How long recall takes in a store of a million messages, on SQLite and, with `--server`, on PostgreSQL.

The messages are made up by rule: words as frequent as in speech, people of 50 to 20,000 messages, and one of
100,000. A question is a few of the telling words of a message; `found` is the share of those messages that come back
in an answer of 2,000 tokens. What a search may take is said in milliseconds: what each question took when it was asked
for the first time, which is what a person gets, and the median of five times, for which the other questions of that
history were asked in between; statements and words are warm for it. The first line is work that never changes, done
before: what of the spread is the machine's, where nothing else loads it later. On a server nothing was vacuumed. At the
end, what the index costs those who write.
"""

import asyncio
import gc
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, func, make_url, select, update

from benchmarks import measure
from benchmarks.append import StoreAppender, seconds_each
from benchmarks.recall_made_up import Population, Question, fill, population
from source.adapters.storage.operation import Progress
from source.adapters.storage.search_index import DeferredIndex
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import messages, search_progress
from source.app.recall_parts import recall_over
from source.domain.recall.passages import RecallBudget
from source.domain.thread import Platform
from source.ports.clock import SystemClock
from source.ports.recall import EVERYTHING, Eyes
from source.ports.store import Scope
from source.services.recall import RecallService
from tests.fakes.postgres import Postgres

_MESSAGES, _QUICK_MESSAGES = 1_000_000, 4_000
_QUESTIONS, _QUICK_QUESTIONS = 200, 5
_ROUNDS, _QUICK_ROUNDS = 5, 2
_YARDSTICK_STEPS = 120_000
_WRITERS = 100
_APPENDS, _QUICK_APPENDS = 20_000, 300
_BUDGET = RecallBudget(2_000 * 4, bearing_only=False)


@dataclass
class Laps:
    """What each search of one kind took in every round, and whether it found the message that was asked for."""

    seconds: list[list[float]] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)

    def __iadd__(self, more: "Laps") -> "Laps":
        self.seconds += more.seconds
        self.found += more.found
        return self

    def row(self, name: str) -> list[str]:
        """A line of the table: of the first search, and of the median of each question's."""
        usual = [statistics.median(each) for each in self.seconds]
        found = f"{statistics.fmean(self.found):.0%}" if self.found else ""
        again = _spread(usual) if len(self.seconds[0]) > 1 else ""
        return [name, str(len(usual)), _spread([each[0] for each in self.seconds]), again, found]


def _spread(laps: Sequence[float]) -> str:
    p95 = sorted(laps)[min(len(laps) - 1, int(len(laps) * 0.95))]
    return f"{statistics.median(laps) * 1000:.1f} / {p95 * 1000:.1f}"


async def _asked(service: RecallService, questions: Sequence[tuple[Question, Eyes]], rounds: int = 1) -> Laps:
    """Ask all questions, and all of them again as often as there are rounds."""
    laps = Laps([[] for _ in questions])
    for at_first in [True] + [False] * (rounds - 1):
        for (question, eyes), seconds in zip(questions, laps.seconds, strict=True):
            began = time.perf_counter()
            found = await service.search(question.text, eyes, _BUDGET)
            seconds.append(time.perf_counter() - began)
            if at_first:
                laps.found.append(question.key in {turn.said.key for turn in found.turns})
    return laps


def _yardstick(count: int, rounds: int) -> Laps:
    """Measure work that is always the same, as long as a search: what of its spread is the machine's."""

    def lap() -> float:
        began, kept = time.perf_counter(), dict[int, int]()
        for number in range(_YARDSTICK_STEPS):
            kept[number % 4_096] = number * number
        return time.perf_counter() - began

    laps = [[lap() for _ in range(count)] for _ in range(rounds)]
    return Laps([list(each) for each in zip(*laps, strict=True)])


def _eyes(person: int) -> Eyes:
    return Eyes((Scope(Platform.DISCORD, f"p{person}", None),))


async def _rows(store: SqlStore, people: Population, count: int, rounds: int) -> list[list[str]]:
    """Ask each kind of history; the cold ones of a service that has read nothing yet."""
    service = recall_over(store, SystemClock())
    rows = [_yardstick(count, rounds).row("(always the same work)")]
    for name, least, most in (
        ("50 to 999 messages", 50, 1_000),
        ("1,000 to 4,999", 1_000, 5_000),
        ("5,000 to 10,000", 5_000, 10_001),
    ):
        chosen = people.of_sizes(least, most)[: max(2, count // 5)]
        if not chosen:
            continue
        cold, warm = Laps(), Laps()
        for person in chosen:
            first, *others = [(question, _eyes(person)) for question in people.questions(person, 4)]
            cold += await _asked(service, [first])
            warm += await _asked(service, others, rounds)
        rows += [cold.row(f"{name}, cold"), warm.row(f"{name}, warm")]
    for name, person in (("20,000 messages", people.second), ("100,000 messages", people.longest)):
        eyes = _eyes(person)
        await service.search("what was said?", eyes, _BUDGET)  # how long it is, is found out once
        questions = [(each, eyes) for each in people.questions(person, count)]
        rows.append((await _asked(service, questions, rounds)).row(name))
    everything = [(each, EVERYTHING) for each in people.questions(None, count)]
    rows.append((await _asked(service, everything, rounds)).row("everything, as the operator"))
    return rows


async def _measure(url: str, people: Population, count: int, rounds: int, *, is_filled: bool) -> None:
    if not is_filled:
        measure.progress(f"making up {people.messages:,} messages")
        began = time.perf_counter()
        sizes = await asyncio.to_thread(fill, url, people)
        print(f"filled in {time.perf_counter() - began:.0f} s; {sizes}")
    store = await SqlStore.open(url, clock=SystemClock(), durability="normal")
    gc.collect()
    gc.freeze()  # as the program does: its collections pass over what was loaded
    try:
        rows = await _rows(store, people, count, rounds)
    finally:
        await store.close()
    print(f"load {os.getloadavg()[0]:.1f}\n")
    print(measure.Table(["a history of", "questions", "ms at first, p50 / p95", "median of each", "found"], rows))


async def _indexing(count: int, runs: int) -> None:
    """Compare appends whose words are indexed before the end with those that nobody indexes."""

    def nothing(_index: DeferredIndex, connection: Connection) -> Progress:
        last: int = connection.execute(select(func.coalesce(func.max(messages.c.seq), 0))).scalar_one()
        connection.execute(update(search_progress).values(indexed_to=last))
        _index.deferred = 0
        return Progress(last, last)

    async def run(step: Callable[[DeferredIndex, Connection], Progress]) -> float:
        before, DeferredIndex.step = DeferredIndex.step, step  # type: ignore[method-assign,assignment]
        try:
            with measure.temporary_folder() as folder:
                appender = await StoreAppender.opened(folder / "echo.db", _WRITERS)
                took = await seconds_each(appender, _WRITERS, count)
                await appender.close()
            return took
        finally:
            DeferredIndex.step = before  # type: ignore[method-assign]

    cases = {"indexed": partial(run, DeferredIndex.step), "not indexed": partial(run, nothing)}
    took = measure.medians(await measure.interleaved(cases, runs=runs))
    rows = [[name, f"{1 / each:,.0f}/s", measure.ratio(each, took["not indexed"])] for name, each in took.items()]
    print(f"\n{measure.Table([f'{_WRITERS} writers append', 'throughput', 'time each'], rows)}")


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--server", help="a PostgreSQL server on which a database may be made, instead of SQLite")
    parser.add_argument("--database", type=Path, help="a file of SQLite to make and leave, or to use again")
    given = parser.parse_args()
    measure.begin("Recall at scale")
    people = population(_QUICK_MESSAGES if given.quick else _MESSAGES)
    count, rounds = (_QUICK_QUESTIONS, _QUICK_ROUNDS) if given.quick else (_QUESTIONS, _ROUNDS)
    if given.server:
        server = Postgres(make_url(given.server))
        with server.database() as url:
            asyncio.run(_measure(url, people, count, rounds, is_filled=False))
        server.close()
        return
    with measure.temporary_folder() as folder:
        file: Path = given.database or folder / "echo.db"
        asyncio.run(_measure(f"sqlite:///{file}", people, count, rounds, is_filled=file.exists()))
        asyncio.run(_indexing(_QUICK_APPENDS if given.quick else _APPENDS, 1 if given.quick else 5))


if __name__ == "__main__":
    main()
