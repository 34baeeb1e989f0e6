"""What waits in one thread for its next turn."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from source.domain.thread import ThreadRef
from source.domain.turn import AcceptedEvent
from source.ports.channel import Channel, LiveReply


@dataclass(slots=True, eq=False)
class Waiting:
    """An accepted message on its way into a turn; what its sender changes about it until then is changed here.

    `is_heard`: it is kept, and will not be answered, for a person answers there.
    """

    event: AcceptedEvent
    channel: Channel
    is_too_old: bool = False
    is_caught_up: bool = False
    is_withdrawn: bool = False
    is_told: bool = False
    is_heard: bool = False
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class LateReply:
    """A reply that is opened only when there is something to show."""

    def __init__(self, begin: Callable[[], LiveReply]) -> None:
        self._begin = begin
        self._reply: LiveReply | None = None

    @property
    def is_open(self) -> bool:
        return self._reply is not None

    async def notice(self, line: str) -> None:
        await self._opened().notice(line)

    def show(self, delta: str) -> None:
        self._opened().show(delta)

    def thinking(self) -> None:
        self._opened().thinking()

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        await self._opened().deliver(text, interrupted=interrupted)

    async def fail(self, sentence: str) -> None:
        if sentence or self.is_open:
            await self._opened().fail(sentence)

    def _opened(self) -> LiveReply:
        if self._reply is None:
            self._reply = self._begin()
        return self._reply


class Batch:
    """Messages of one thread that are answered together, in the order in which they were accepted.

    `by_time`: in that in which they were said, for platforms that deliver out of order.
    """

    def __init__(self, waiting: Sequence[Waiting], *, by_time: bool = False) -> None:
        self.waiting = tuple(sorted(waiting, key=_time_of if by_time else _key_of))
        self._reply: LiveReply | None = None

    @property
    def remaining(self) -> list[Waiting]:
        """What its sender has not taken back."""
        return [each for each in self.waiting if not each.is_withdrawn]

    @property
    def events(self) -> tuple[AcceptedEvent, ...]:
        """What there is to answer, as it reads at this moment."""
        return tuple(each.event for each in self.remaining)

    @property
    def keys(self) -> tuple[int, ...]:
        """The events of what there is to answer; the first stays the same as others join, and after a restart."""
        return tuple(sorted(event.key for event in self.events))

    @property
    def thread(self) -> ThreadRef:
        """The thread as the latest message describes it."""
        return self.waiting[-1].event.inbound.thread

    @property
    def channel(self) -> Channel:
        return self.waiting[-1].channel

    @property
    def is_too_old(self) -> bool:
        """Whether all of it has waited for too long to be answered."""
        return all(each.is_too_old for each in self.remaining)

    @property
    def is_told(self) -> bool:
        """Whether everyone has been told that an answer will take its time."""
        return all(each.is_told for each in self.remaining)

    @property
    def reply(self) -> LiveReply:
        """The reply to what remains when it is first asked for."""
        if self._reply is None:
            begin = partial(self.channel.open_reply, self.thread, self.keys)
            # Nobody sits and waits for what was put off: unless it can be answered now, nothing is to be seen.
            self._reply = LateReply(begin) if self.is_told else begin()
        return self._reply

    def heard(self) -> None:
        """None of it will be answered."""
        for each in self.remaining:
            each.is_heard = True

    def unopened(self) -> LiveReply:
        """A reply of which nothing shows unless something is said."""
        return LateReply(partial(self.channel.open_reply, self.thread, self.keys))

    @property
    def is_open(self) -> bool:
        """Whether a reply was begun that has to be ended."""
        return self._reply.is_open if isinstance(self._reply, LateReply) else self._reply is not None


def _key_of(waiting: Waiting) -> int:
    return waiting.event.key


def _time_of(waiting: Waiting) -> tuple[datetime, int]:
    return waiting.event.said_at, waiting.event.key


@dataclass(slots=True)
class Mailbox:
    """What waits in one thread; `kept` are messages that a turn failed to answer.

    A turn begins once nothing new came for the time of `quiet`.
    """

    thread: ThreadRef
    quiet: timedelta = timedelta(0)
    waiting: list[Waiting] = field(default_factory=list)
    kept: list[Waiting] = field(default_factory=list)
    runner: asyncio.Task[None] | None = None
    retry: asyncio.Task[None] | None = None
    failures: int = 0

    def seconds_until_quiet(self, now: datetime) -> float:
        """Return how long it takes until a turn may begin, if nothing comes meanwhile."""
        if not self.quiet or not self.waiting:
            return 0.0
        newest = max(waiting.event.accepted_at for waiting in self.waiting)
        return max(0.0, (newest + self.quiet - now).total_seconds())

    def next_batch(self) -> Batch:
        """Take out everything that waits."""
        batch = Batch([*self.kept, *self.waiting], by_time=bool(self.quiet))
        self.kept, self.waiting = [], []
        return batch
