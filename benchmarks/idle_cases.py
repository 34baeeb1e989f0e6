"""The two ways of keeping idle conversations that `benchmarks.idle` compares."""

import asyncio
import ctypes
import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from benchmarks.blank import BlankStore, BlankTranscripts
from benchmarks.measure import Stopwatch
from source.domain.message import Message, MessageType
from source.services.conversation_manager import InMemoryConversationManager
from tests.fakes.clock import FakeClock

MESSAGES = 20
TEXT_BYTES = 100
_BATCH = 500
_IDLE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one case was measured at; bytes and timer times are for each conversation."""

    resident_bytes: float
    live_bytes: float
    message_seconds: float
    timer_seconds: float
    leave_seconds: float
    block_seconds: float
    collect_seconds: float


class IdleConversations(Protocol):
    """A way of keeping conversations that leave by themselves."""

    def __len__(self) -> int: ...

    async def fill(self, count: int) -> None:
        """Put `count` conversations of `MESSAGES` messages there, saved and at rest."""
        ...

    async def say(self, text: str) -> None:
        """Add a message to each."""
        ...

    async def reset_timers(self) -> None:
        """Note for each that it has just been used."""
        ...

    async def rest(self) -> None:
        """Do what is left to do before they are idle."""
        ...

    def let_time_pass(self) -> None:
        """Make the idle time of all of them be over."""
        ...


class ShiftedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class Echo:
    """The manager, as it is after turns whose transcripts have been written."""

    def __init__(self) -> None:
        self._clock = FakeClock()
        self._manager = InMemoryConversationManager(BlankTranscripts(), store=BlankStore(), clock=self._clock)

    def __len__(self) -> int:
        return self._manager.metrics().conversations

    async def fill(self, count: int) -> None:
        for number in range(count):
            thread_id = _snowflake(number)
            self._manager.create_conversation(thread_id, "900000000000000001", "Guild", _snowflake(number + count))
            for said in _dialogue(number, self._clock.now(), _snowflake(number + count)):
                self._manager.add_message_to_conversation(thread_id, said)
            if number % _BATCH == 0:
                await self.rest()
        await self.rest()

    async def say(self, text: str) -> None:
        said = Message(self._clock.now(), MessageType.CHAT, text, requester="1")
        for conversation in self._manager.get_all_conversations().values():
            self._manager.add_message_to_conversation(conversation.thread_id, said)

    async def reset_timers(self) -> None:
        for conversation in self._manager.get_all_conversations().values():
            self._manager.keep(conversation)

    async def rest(self) -> None:
        await self._manager.write_transcripts()

    def let_time_pass(self) -> None:
        self._clock.advance(seconds=_IDLE_SECONDS + 1)


@dataclass
class _PlainMessage:
    created_at: datetime
    message_type: str
    message_content: str
    tools: list[dict[str, object]] | None = None
    requester: str | None = None
    message_id: int = 0
    event_id: str | None = None


@dataclass
class _PlainConversation:
    thread_id: str
    created_at: datetime
    guild_id: str
    guild_name: str
    requester: str
    history: list[_PlainMessage] = field(default_factory=list)
    timer: asyncio.Task[None] | None = None


class Naive:
    """A dict of plain dataclasses, and a task for each conversation that sleeps and then deletes it."""

    def __init__(self) -> None:
        self._clock = FakeClock()
        self._conversations: dict[str, _PlainConversation] = {}

    def __len__(self) -> int:
        return len(self._conversations)

    async def fill(self, count: int) -> None:
        for number in range(count):
            requester = _snowflake(number + count)
            conversation = _PlainConversation(
                _snowflake(number), self._clock.now(), "900000000000000001", "Guild", requester
            )
            conversation.history = [_plain(said) for said in _dialogue(number, self._clock.now(), requester)]
            self._conversations[conversation.thread_id] = conversation
            self._reset(conversation)
        await self.rest()

    async def say(self, text: str) -> None:
        for conversation in self._conversations.values():
            conversation.history.append(_PlainMessage(self._clock.now(), "chat", text, requester="1"))
            self._reset(conversation)
        await self.rest()

    async def reset_timers(self) -> None:
        for conversation in self._conversations.values():
            self._reset(conversation)
        await self.rest()

    async def rest(self) -> None:
        for _ in range(3):  # cancelled timers end, new ones begin to sleep
            await asyncio.sleep(0)

    def let_time_pass(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ShiftedLoop)
        loop.ahead += _IDLE_SECONDS + 1

    def _reset(self, conversation: _PlainConversation) -> None:
        if conversation.timer is not None:
            conversation.timer.cancel()
        conversation.timer = asyncio.get_running_loop().create_task(self._forget_later(conversation.thread_id))

    async def _forget_later(self, thread_id: str) -> None:
        await asyncio.sleep(_IDLE_SECONDS)
        del self._conversations[thread_id]


CASES: dict[str, type[Echo] | type[Naive]] = {"echo": Echo, "naive": Naive}


def measured(case: str, count: int, *, traced: bool) -> dict[str, float]:
    """Measure one case in this process."""
    with asyncio.Runner(loop_factory=ShiftedLoop) as runner:
        return asdict(runner.run(_measured(CASES[case], count, traced=traced)))


async def _measured(kind: type[Echo] | type[Naive], count: int, *, traced: bool) -> Figures:
    warm: IdleConversations = kind()
    await warm.fill(min(count, _BATCH))  # code and caches that every process has once
    conversations: IdleConversations = kind()
    memory = _live_bytes if traced else _resident_bytes
    if traced:
        tracemalloc.start()
    before = _settled(memory)
    await conversations.fill(count)
    watch = Stopwatch()
    gc.collect()
    collect_seconds = watch.lap()
    grown = (_settled(memory) - before) / count - MESSAGES * TEXT_BYTES
    watch.lap()
    await conversations.say("One more.")
    message_seconds = watch.lap()
    await conversations.rest()
    watch.lap()
    await conversations.reset_timers()
    timer_seconds = watch.lap()
    conversations.let_time_pass()
    block_seconds = await _longest_block_until_empty(conversations)
    return Figures(
        resident_bytes=0.0 if traced else grown,
        live_bytes=grown if traced else 0.0,
        message_seconds=message_seconds / count,
        timer_seconds=timer_seconds / count,
        leave_seconds=watch.lap(),
        block_seconds=block_seconds,
        collect_seconds=collect_seconds,
    )


async def _longest_block_until_empty(conversations: IdleConversations) -> float:
    """Return the longest time for which nothing else could run while the conversations left."""
    longest, watch = 0.0, Stopwatch()
    while len(conversations):
        await asyncio.sleep(0)
        longest = max(longest, watch.lap())
    return longest


def _settled(memory: Callable[[], float]) -> float:
    gc.collect()
    return memory()


def _live_bytes() -> float:
    return tracemalloc.get_traced_memory()[0]


def _resident_bytes() -> float:
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096.0


def _dialogue(number: int, began: datetime, requester: str) -> Iterator[Message]:
    for place in range(MESSAGES):
        text = f"{number} {place} ".ljust(TEXT_BYTES, "x")
        at = began + timedelta(seconds=place)
        from_person = place % 2 == 0
        event_id = _snowflake(number * MESSAGES + place) if from_person else None
        yield Message(at, MessageType.CHAT, text, requester=requester if from_person else None, event_id=event_id)


def _plain(said: Message) -> _PlainMessage:
    return _PlainMessage(
        said.created_at, "chat", said.message_content, requester=said.requester, event_id=said.event_id
    )


def _snowflake(number: int) -> str:
    return str(1_100_000_000_000_000_000 + number)
