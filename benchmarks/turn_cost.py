"""What a turn costs beside the model, and whether it costs more as its conversation grows.

Baseline: the shortest conversation. The core alone has a store and transcripts that keep nothing;
the real one commits to SQLite and writes transcripts.
"""

import argparse
import asyncio
import cProfile
import pstats
import statistics
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import measure
from benchmarks.bare_echo import bare_echo
from benchmarks.blank import REPLY, InstantModel
from benchmarks.made_up import PERSON, made_up
from source.adapters.storage.sql_store import SqlStore
from source.app.composition import open_echo
from source.app.settings import Settings
from source.domain.conversation_head import StoredConversation
from source.domain.identifiers import IdGenerator
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.clock import SystemClock
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.turn_service import TurnService
from tests.fakes.channel import FakeChannel

_LENGTHS, _QUICK_LENGTHS = (100, 1_000, 10_000), (20, 200)
_TURNS, _QUICK_TURNS = 200, 10
_WARM_UP = 10
_WORDS = "How many ships did the keeper of the lighthouse see on that evening, and what were they called?"


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds for one turn: until the reply is there, and until all that follows it is done."""

    reply: float
    whole: float
    write: float
    write_block: float


class Visitor:
    """One person who talks in one thread and times each turn."""

    def __init__(self, turns: TurnService, manager: InMemoryConversationManager, thread: ThreadRef) -> None:
        self._turns = turns
        self._manager = manager
        self._thread = thread
        self._channel = FakeChannel(Platform.TERMINAL)

    async def talk(self, turns: int) -> tuple[list[float], float]:
        """Return the seconds until each reply, and those of all turns with what follows the replies."""
        replies: list[float] = []
        whole = measure.Stopwatch()
        for _ in range(turns):
            watch = measure.Stopwatch()
            await self._turns.handle(self._inbound(), self._channel)
            replies.append(watch.lap())
            if self._channel.replies.pop().delivered is None:
                raise RuntimeError("a turn was not answered")
            async with self._manager.turn(self._thread):
                pass  # behind the cut of the context, which follows the reply
        return replies, whole.lap()

    async def conversation(self) -> Conversation:
        async with self._manager.turn(self._thread) as seat:
            assert seat.conversation is not None
            return seat.conversation

    def _inbound(self) -> InboundMessage:
        person = PersonRef(PERSON, PERSON)
        return InboundMessage(uuid.uuid4().hex, self._thread, person, _WORDS, datetime.now(UTC))


Opened = Callable[[StoredConversation], AbstractAsyncContextManager[Visitor]]


@asynccontextmanager
async def core_alone(stored: StoredConversation) -> AsyncIterator[Visitor]:
    """Open the services over a store that keeps nothing."""
    turns, manager = bare_echo(Settings(), [stored])
    try:
        yield Visitor(turns, manager, stored.head.thread)
    finally:
        await manager.shutdown()


def real(durability: str) -> Opened:
    """Return what opens a whole Echo in a folder of its own."""

    @asynccontextmanager
    async def opened(stored: StoredConversation) -> AsyncIterator[Visitor]:
        with measure.temporary_folder() as folder:
            settings = measure.settings_in(folder, durability=durability, summarize_old_conversations=False)
            await _store(settings, stored)
            async with open_echo(settings, model=InstantModel(), command="benchmark") as echo:
                yield Visitor(echo.turns, echo.manager, stored.head.thread)

    return opened


async def _store(settings: Settings, stored: StoredConversation) -> None:
    assert isinstance(settings.database, Path)
    store = await SqlStore.open(settings.database, clock=SystemClock(), durability=settings.durability)
    await store.restore([stored])
    await store.close()


async def measured(opened: Opened, length: int, turns: int) -> Figures:
    """Time turns in a conversation that has `length` messages to begin with."""
    stored = made_up(0, length, last_at=datetime.now(UTC), ids=IdGenerator())
    async with opened(stored) as visitor:
        await visitor.talk(_WARM_UP)
        replies, whole = await visitor.talk(turns)
        write, block = await _transcript_write(await visitor.conversation())
        return Figures(statistics.median(replies), whole / turns, write, block)


async def _transcript_write(conversation: Conversation) -> tuple[float, float]:
    """Return the seconds of one write, and for how long of it nothing else could run."""
    conversation.mark_unwritten()
    watch = measure.Stopwatch()
    writing = asyncio.ensure_future(conversation.persist())
    longest, beat = 0.0, measure.Stopwatch()
    while not writing.done():
        await asyncio.sleep(0)
        longest = max(longest, beat.lap())
    if not await writing:
        raise RuntimeError("a transcript was not written")
    return watch.lap(), longest


async def _compare(lengths: tuple[int, ...], turns: int, runs: int, durability: str) -> None:
    kinds: dict[str, Opened] = {"core alone": core_alone, f"with {durability} store": real(durability)}
    found: dict[str, list[Figures]] = {}

    def case_of(name: str, opened: Opened, length: int) -> measure.Case:
        async def run() -> float:
            figures = await measured(opened, length, turns)
            found.setdefault(name, []).append(figures)
            return figures.reply

        return run

    names = {f"{kind}, {length:,}": (kind, length) for kind in kinds for length in lengths}
    await measure.interleaved(
        {name: case_of(name, kinds[kind], length) for name, (kind, length) in names.items()}, runs=runs
    )
    heads = ["messages", "to the reply", "ratio", "whole turn", "transcript write", "of it blocking"]
    print(measure.Table(heads, [_row(name, found, f"{names[name][0]}, {lengths[0]:,}") for name in names]))


def _row(name: str, found: dict[str, list[Figures]], baseline: str) -> list[str]:
    def median(of: str, field: str) -> float:
        return float(statistics.median(getattr(figures, field) for figures in found[of]))

    return [
        name,
        measure.duration(median(name, "reply")),
        measure.ratio(median(name, "reply"), median(baseline, "reply")),
        measure.duration(median(name, "whole")),
        measure.duration(median(name, "write")),
        measure.duration(median(name, "write_block")),
    ]


async def _profile(length: int, turns: int) -> None:
    stored = made_up(0, length, last_at=datetime.now(UTC), ids=IdGenerator())
    async with core_alone(stored) as visitor:
        await visitor.talk(_WARM_UP)
        with cProfile.Profile() as profile:
            await visitor.talk(turns)
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(25)


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--durability", choices=["full", "normal"], default="full")
    parser.add_argument("--runs", type=int, default=3, help="of which the median is shown (3)")
    parser.add_argument("--profile", action="store_true", help="show where the core's time goes instead")
    given: argparse.Namespace = parser.parse_args()
    turns = _QUICK_TURNS if given.quick else _TURNS
    measure.begin(f"A turn of {len(_WORDS)} + {len(REPLY)} bytes, {turns} in each run", durability=given.durability)
    if given.profile:
        asyncio.run(_profile(_LENGTHS[1], turns))
        return
    lengths = _QUICK_LENGTHS if given.quick else _LENGTHS
    asyncio.run(_compare(lengths, turns, 1 if given.quick else given.runs, given.durability))
    print("\nWhole turn: with what follows the reply, such as cutting the context. A transcript is written")
    print("at most once in its delay, and takes at most one part in twenty of the time.")


if __name__ == "__main__":
    main()
