"""A channel that keeps what it was given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from source.domain.errors import DeliveryError
from source.domain.thread import Platform, ThreadRef


@dataclass
class FakeReply:
    """One reply as its reader saw it."""

    thread: ThreadRef
    channel: "FakeChannel"
    notices: list[str] = field(default_factory=list)
    streamed: str = ""
    delivered: str | None = None
    interrupted: bool = False
    failure: str | None = None
    answering: tuple[int, ...] = ()

    async def notice(self, line: str) -> None:
        await asyncio.sleep(0)
        self.notices.append(line)

    def show(self, delta: str) -> None:
        self.streamed += delta
        self.channel.shown.set()

    def thinking(self) -> None:
        self.channel.thoughts += 1

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        await asyncio.sleep(0)
        if self.channel.is_down:
            raise DeliveryError("the channel is down")
        self.channel.delivering.set()
        await self.channel.free.wait()
        self.delivered = text
        self.interrupted = interrupted

    async def fail(self, sentence: str) -> None:
        await asyncio.sleep(0)
        self.failure = sentence


class FakeChannel:
    """Delivers into `replies`; `shown` is set whenever text streams, `delivering` whenever a reply is on its way."""

    def __init__(self, platform: Platform = Platform.TERMINAL) -> None:
        self.platform = platform
        self.replies: list[FakeReply] = []
        self.shown = asyncio.Event()
        self.delivering = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()
        self.thoughts = 0
        self.is_down = False

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> FakeReply:
        reply = FakeReply(thread, self, answering=tuple(answering))
        self.replies.append(reply)
        return reply

    def hold(self) -> None:
        """Let no delivery end until `release`."""
        self.free.clear()

    def release(self) -> None:
        self.free.set()

    @property
    def delivered(self) -> list[str]:
        return [reply.delivered for reply in self.replies if reply.delivered is not None]
