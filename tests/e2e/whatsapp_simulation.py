"""A business's busy ten minutes: `python -m tests.e2e.whatsapp_simulation --messages 50000 --people 500 --seed 1`.

People write in single messages and in pairs; what Meta brings comes twice, late, before what was written earlier, in
batches and in other bytes, and Echo is killed on the way. At the end every message must have been answered once, and
everybody's in the order in which they wrote. Time is simulated: seconds are those of the clock that Echo sees.
"""

import argparse
import asyncio
import hashlib
import hmac
import itertools
import logging
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from source.app.log_setup import set_up_logging
from tests.e2e.whatsapp_lives import BURST, Life, without_wires
from tests.fakes.clock import FakeClock
from tests.fakes.graph_disorder import disordered, with_other_bytes
from tests.fakes.graph_items import Item, dumped, packed
from tests.fakes.graph_people import Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_sending import Sent
from tests.fakes.graph_server import FakeGraph
from tests.fakes.graph_statuses import status_item

_STEP = 0.1
_MOST_IN_A_WEBHOOK = 3
_RETRIED_AFTER = 4.0
# What Meta takes it tells as sent after a moment.
_TOLD_AFTER = 0.5
# Later than this nothing arrives: what is written a second later has not been answered yet.
_LATEST = 1.2
# Somebody writes once or twice, then not for this long.
_REST = 5.0
_DRAIN = 180.0
# In real seconds: nobody chooses when a process is killed.
_LONGEST_BEFORE_A_KILL = 0.1
_SECONDS_BEHIND = 15.0
# In real seconds.
_MOMENT = 0.003
_PATIENCE = 400
_MARK = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen; `seconds` are simulated."""

    messages: int
    people: int
    seed: int
    seconds: float = 600.0
    restarts: int = 3


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it was written."""

    number: int
    person: Person
    at: datetime
    item: Item


@dataclass(slots=True)
class Outcome:
    """What became of the messages; of the kinds of faults none may be."""

    answered: Counter[int] = field(default_factory=Counter)
    webhooks: int = 0
    retried: int = 0
    repeats: int = 0
    replies: int = 0
    said_again: int = 0
    late: int = 0
    left: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{len(self.answered)} messages answered in {self.replies} replies, {self.webhooks} webhooks of which "
            f"{self.retried} were brought again, {self.repeats} messages came twice\n"
            f"said again though Meta tells what it has sent: {self.said_again}\n"
            f"answered after what was written later, for they came later than what is waited for: {self.late}\n"
            f"left: {self.left}\n"
            f"{len(self.problems)} problems"
        )


class Simulation:
    """Runs a plan."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.outcome = Outcome()
        self._plan = plan
        self._folder = folder
        self._chance = Random(plan.seed)
        self._clock = FakeClock()
        self._graph = FakeGraph(clock=self._clock)
        self._began = self._clock.now()
        self._written = _written(plan, self._graph, self._began, self._chance)
        self._brought: dict[int, datetime] = {}
        self._due: list[tuple[datetime, bytes, tuple[int, ...]]] = []
        self._lives: list[Life] = []
        self._unnoted: set[str] = set()
        self._brought_again: set[int] = set()
        self._answers = 0
        self._untold: list[Sent] = []
        self._graph.world.listeners.append(self._count)

    async def run(self) -> Outcome:
        """Let it all happen; return what became of it."""
        self._due = self._webhooks()
        share = self._plan.seconds / (self._plan.restarts + 1)
        kills = [share * number for number in range(1, self._plan.restarts + 1)]
        await self._begin_life()
        while self._due or self._now() < self._plan.seconds:
            await self._step()
            self._progress()
            if kills and self._now() >= kills[0]:
                kills.pop(0)
                await self._restart()
        await self._drain()
        self._judge()
        for life in self._lives:
            await life.ended()
        return self.outcome

    def _now(self) -> float:
        return (self._clock.now() - self._began).total_seconds()

    def _webhooks(self) -> list[tuple[datetime, bytes, tuple[int, ...]]]:
        """Return what Meta brings and when: late, again, in batches."""
        rate = self._plan.messages / self._plan.seconds
        items = disordered(
            [each.item for each in self._written], distance=max(1, int(rate * _LATEST)), seed=self._plan.seed
        )
        by_item = {id(each.item): each for each in self._written}
        self.outcome.repeats = len(items) - len(self._written)
        webhooks, seen = [], set[int]()
        latest = self._began
        while items:
            count = self._chance.randint(1, _MOST_IN_A_WEBHOOK)
            some, items = [by_item[id(item)] for item in items[:count]], items[count:]
            latest = max(latest, *(each.at for each in some))
            raw = dumped(packed(self._graph.account, [each.item for each in some]))
            numbers = tuple(each.number for each in some)
            if not seen.isdisjoint(numbers):
                raw = with_other_bytes(raw, self._chance.randrange(1 << 30))
            seen.update(numbers)
            webhooks.append((latest, raw, numbers))
        return webhooks

    async def _begin_life(self) -> None:
        life = Life(self._folder / f"life-{len(self._lives)}", self._graph, self._clock)
        life.folder.mkdir(exist_ok=True)
        self._lives.append(life)
        await life.born()

    async def _step(self, *, is_waited_for: bool = True) -> list[asyncio.Task[None]]:
        """Bring what is due, and let a moment pass."""
        now, count = self._clock.now(), 0
        self._have_statuses_told(now)
        while count < len(self._due) and self._due[count][0] <= now:
            count += 1
        due, self._due = self._due[:count], self._due[count:]
        posts = [asyncio.create_task(self._bring(*each)) for each in due]
        if not is_waited_for:
            return posts
        await asyncio.gather(*posts)
        await self._until_nothing_moves()
        self._clock.advance(seconds=_STEP)
        return []

    def _have_statuses_told(self, now: datetime) -> None:
        """Have Meta tell, in one webhook, that it has sent what it took a moment ago."""
        told, self._untold = self._untold, []
        if told:
            raw = dumped(packed(self._graph.account, [status_item(each, "sent", now) for each in told]))
            self._due.append((now + timedelta(seconds=_TOLD_AFTER), raw, ()))
            self._due.sort(key=lambda each: each[0])

    async def _bring(self, at: datetime, raw: bytes, numbers: tuple[int, ...]) -> None:
        secret = self._graph.account.app_secret.encode()
        signature = "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest()
        self.outcome.webhooks += 1
        if await self._lives[-1].post(raw, signature) == 200:
            self._brought |= {number: at for number in numbers if number not in self._brought}
            return
        self.outcome.retried += 1
        self._brought_again.update(set(numbers).difference(self._brought))
        again = self._clock.now() + timedelta(seconds=_RETRIED_AFTER)
        self._due.append((again, raw, numbers))
        self._due.sort(key=lambda each: each[0])

    async def _restart(self) -> None:
        """Kill it in the middle of its work, while webhooks are on their way."""
        posts = await self._step(is_waited_for=False)
        await asyncio.sleep(self._chance.uniform(0, _LONGEST_BEFORE_A_KILL))
        next_folder = self._folder / f"life-{len(self._lives)}"
        self._unnoted |= await self._lives[-1].kill(next_folder, sparing=posts)
        await asyncio.gather(*posts)
        await self._begin_life()

    async def _until_nothing_moves(self) -> None:
        """Real work takes real time: simulated time does not run away from it."""
        most = _SECONDS_BEHIND * self._plan.messages / self._plan.seconds
        for _ in range(_PATIENCE):
            before = self._answers
            await asyncio.sleep(_MOMENT)
            if self._answers == before and len(self._brought) - before <= most:
                return

    def _progress(self) -> None:
        shown = f"second {self._now():.0f}: {len(self._brought)} messages brought, {self._answers} answered, "
        print(f"\r{shown}{len(self._lives) - 1} kills …", end="", file=sys.stderr, flush=True)

    def _count(self, sent: Sent) -> None:
        self._answers += len(_MARK.findall(sent.text))
        if sent.tracker:
            self._untold.append(sent)

    async def _drain(self) -> None:
        """Let what waits be answered, retries and all."""
        ends = self._now() + _DRAIN
        while self._now() < ends and await self._lives[-1].waits():
            await asyncio.gather(*await self._step(is_waited_for=False))
            await asyncio.sleep(0.002)
            self._clock.advance(seconds=_STEP)
        self.outcome.left = await self._lives[-1].waits()

    def _judge(self) -> None:
        outcome = self.outcome
        if outcome.left:
            outcome.problems.append(f"{outcome.left} things wait still")
        by_person: dict[str, list[int]] = {}
        said: dict[int, str | None] = {}
        for sent in self._graph.sent:
            outcome.replies += 1
            numbers = [int(mark) for mark in _MARK.findall(sent.text)]
            if not numbers:
                outcome.problems.append(f"a message that answers nothing: {sent.text[:60]!r}")
            is_the_same = bool(numbers) and all(said.get(number) == sent.tracker for number in numbers)
            if is_the_same and sent.tracker in self._unnoted:
                outcome.said_again += 1
                continue
            for number in numbers:
                outcome.answered[number] += 1
                said[number] = sent.tracker
            by_person.setdefault(sent.person.phone, []).extend(numbers)
        self._judge_each(by_person)

    def _judge_each(self, by_person: dict[str, list[int]]) -> None:
        problems = self.outcome.problems
        for each in self._written:
            if self.outcome.answered[each.number] != 1:
                problems.append(f"[{each.number}] was answered {self.outcome.answered[each.number]} times")
            elif each.number not in by_person.get(each.person.phone, ()):
                problems.append(f"[{each.number}] was answered to somebody else")
        for numbers in by_person.values():
            for before, after in itertools.pairwise(numbers):
                if after > before:
                    continue
                if after in self._brought_again or self._brought[after] - self._brought[before] > BURST:
                    self.outcome.late += 1  # what was written later was answered before this could be known
                else:
                    problems.append(f"[{after}] was answered after [{before}]")


def _written(plan: Plan, graph: FakeGraph, began: datetime, chance: Random) -> list[Written]:
    """Return who writes what and when, numbered in the order of writing."""
    moments: list[tuple[float, int]] = []
    for person in range(plan.people):
        share = plan.messages // plan.people + (person < plan.messages % plan.people)
        moments += [(second, person) for second in _seconds(share, plan.seconds, chance)]
    people = [graph.people.add(f"Person {number}") for number in range(plan.people)]
    written = []
    for number, (second, person) in enumerate(sorted(moments)):
        at = began + timedelta(seconds=second)
        item = Phone(graph.world, people[person]).text(f"[{number}]", at=at)
        written.append(Written(number, people[person], at, item))
    return written


def _seconds(messages: int, seconds: float, chance: Random) -> Sequence[float]:
    """Return when somebody writes: alone, or twice within a second or so, which is answered together."""
    pairs = messages // 3
    sizes = [2] * pairs + [1] * (messages - 2 * pairs)
    chance.shuffle(sizes)
    room = seconds / max(1, len(sizes))
    moments: list[float] = []
    for place, size in enumerate(sizes):
        start = place * room + chance.uniform(0, max(0.0, room - _REST))
        moments += [start + step for step in range(size)]
    return moments


async def simulated(plan: Plan, folder: Path) -> Outcome:
    """Run a plan in a folder."""
    with without_wires():
        return await Simulation(plan, folder).run()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.whatsapp_simulation", description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=600.0, help="of simulated time")
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    plan = Plan(options.messages, options.people, options.seed, options.seconds, options.restarts)
    set_up_logging(level="error", form="console")
    logging.getLogger("pywa").setLevel(logging.CRITICAL)
    print(plan, flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(simulated(plan, Path(folder)))
    print(f"{outcome}\nin {time.monotonic() - began:.0f} s, {time.process_time():.0f} s of processor time")
    for problem in outcome.problems[:20]:
        print(problem)
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
