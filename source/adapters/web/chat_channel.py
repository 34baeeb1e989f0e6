"""Replies on their way to whoever asked for them over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from weakref import WeakSet

from source.domain.errors import DeliveryRefusedError
from source.domain.thread import Platform, ThreadRef


@dataclass(frozen=True, slots=True)
class Noticed:
    """A line that is no part of the reply."""

    thread: ThreadRef
    line: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """The next piece of the reply."""

    thread: ThreadRef
    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model thinks or a tool runs."""

    thread: ThreadRef


@dataclass(frozen=True, slots=True)
class Delivered:
    """The whole reply to the events of these keys, which is stored."""

    thread: ThreadRef
    keys: tuple[int, ...]
    text: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no reply this time; the sentence says what happens now."""

    thread: ThreadRef
    sentence: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing has come for a while."""


ReplyEvent = Noticed | Spoken | Thinking | Delivered | Failed


class WebReply:
    """One reply; each listener reads from it at its own pace, so that nobody slow holds the turn."""

    def __init__(self, thread: ThreadRef, keys: tuple[int, ...], channel: "WebChannel") -> None:
        self.thread = thread
        self.keys = keys
        self.notices: list[str] = []
        self.pieces: list[str] = []
        self.thoughts = 0
        self.outcome: Delivered | Failed | None = None
        self.listeners: WeakSet[Listener] = WeakSet()
        self._channel = channel

    async def notice(self, line: str) -> None:
        self.notices.append(line)
        self._tell()

    def show(self, delta: str) -> None:
        self.pieces.append(delta)
        self._tell()

    def thinking(self) -> None:
        self.thoughts += 1
        self._tell()

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        if self._channel.needs_reader and not self.listeners:
            self._channel.ended(self)
            raise DeliveryRefusedError("nobody listens to this thread now")
        self._end(Delivered(self.thread, self.keys, text, interrupted))

    async def fail(self, sentence: str) -> None:
        self._end(Failed(self.thread, sentence))

    def _end(self, outcome: Delivered | Failed) -> None:
        self.outcome = outcome
        self._channel.ended(self)
        self._tell()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener.wake()


class WebChannel:
    """The replies of one platform that are running, by the events that they answer.

    A reply that nobody reads counts as delivered, for it is stored and can be asked for again; unless `needs_reader`:
    then it waits until somebody comes for what was left.
    """

    def __init__(self, platform: Platform, *, needs_reader: bool = False) -> None:
        self.platform = platform
        self.needs_reader = needs_reader
        self._running: dict[int, WebReply] = {}
        self._listeners: WeakSet[Listener] = WeakSet()

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> WebReply:
        reply = WebReply(thread, tuple(answering), self)
        self._running.update(dict.fromkeys(answering, reply))
        for listener in self._listeners:
            if listener.awaited in reply.keys:
                listener.follow(reply)
        return reply

    def running(self, key: int) -> WebReply | None:
        """Return the reply to the event of this key while it runs."""
        return self._running.get(key)

    def add(self, listener: "Listener") -> None:
        """Let a listener have the reply that it awaits."""
        self._listeners.add(listener)

    def remove(self, listener: "Listener") -> None:
        self._listeners.discard(listener)

    def ended(self, reply: WebReply) -> None:
        """It runs no more."""
        for key in reply.keys:
            if self._running.get(key) is reply:
                del self._running[key]

    def close(self) -> None:
        """Let nobody wait any longer."""
        for listener in self._listeners:
            listener.settle()


class Listener:
    """One request that waits for replies, and the channel on which those to it are opened; use it as a context."""

    def __init__(self, channel: WebChannel, thread: ThreadRef) -> None:
        self.platform = channel.platform
        self.thread = thread
        self.awaited: int | None = None
        self._channel = channel
        self._readings: list[_Reading] = []
        self._news = asyncio.Event()
        self._is_settled = False
        self._is_gone = False
        channel.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave: the replies go on without this listener."""
        self._is_gone = True
        self._channel.remove(self)
        for reading in self._readings:
            reading.reply.listeners.discard(self)

    @property
    def is_reading(self) -> bool:
        """Whether a reply is being read that has not ended."""
        return any(reading.reply.outcome is None for reading in self._readings)

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> WebReply:
        reply = self._channel.open_reply(thread, answering)
        self.follow(reply)
        return reply

    def follow(self, reply: WebReply) -> None:
        """Read a reply from its beginning."""
        if self._is_gone or any(reading.reply is reply for reading in self._readings):
            return
        self._readings.append(_Reading(reply))
        reply.listeners.add(self)
        self.wake()

    def await_reply(self, key: int) -> None:
        """Read the reply to the event of this key, whoever's channel it is opened on."""
        self.awaited = key
        running = self._channel.running(key)
        if running is not None:
            self.follow(running)

    def settle(self) -> None:
        """No reply will be opened any more."""
        self._is_settled = True
        self.wake()

    def wake(self) -> None:
        self._news.set()

    async def begun(self) -> None:
        """Return when there is a reply to read, or when there will be none."""
        while not self._readings and not self._is_settled:
            await self._heard()

    async def events(self, *, pause_seconds: float) -> AsyncIterator[ReplyEvent | Pause]:
        """Yield what is told until this is settled; pieces that come faster than they are read come together."""
        while True:
            is_settled = self._is_settled
            for event in [event for reading in self._readings for event in reading.news()]:
                yield event
            if is_settled:
                return
            try:
                async with asyncio.timeout(pause_seconds):
                    await self._heard()
            except TimeoutError:
                yield Pause()

    async def _heard(self) -> None:
        await self._news.wait()
        self._news.clear()


@dataclass(slots=True, eq=False)
class _Reading:
    """How far a reply has been read."""

    reply: WebReply
    notices: int = 0
    pieces: int = 0
    thoughts: int = 0
    is_over: bool = False

    def news(self) -> Iterator[ReplyEvent]:
        reply, thread = self.reply, self.reply.thread
        lines, self.notices = reply.notices[self.notices :], len(reply.notices)
        yield from (Noticed(thread, line) for line in lines)
        text, self.pieces = "".join(reply.pieces[self.pieces :]), len(reply.pieces)
        thoughts, self.thoughts = reply.thoughts - self.thoughts, reply.thoughts
        if text:
            yield Spoken(thread, text)
        elif thoughts:
            yield Thinking(thread)
        if reply.outcome is not None and not self.is_over:
            self.is_over = True
            yield reply.outcome
