"""Shows a reply while it comes: the latest text wins, as often as Discord's limits let it."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from source.adapters.discord.replies.layout import LiveText
from source.adapters.discord.replies.look import Look
from source.adapters.discord.replies.pace import Paces
from source.adapters.discord.replies.troubles import RefusedError, UnreachableError
from source.adapters.discord.replies.writer import ReplyWriter
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(seconds=15)


class Stream:
    """The one who edits a reply's messages while its text comes in; whoever feeds it never waits."""

    def __init__(self, writer: ReplyWriter, paces: Paces, clock: Clock) -> None:
        self._writer = writer
        self._paces = paces
        self._clock = clock
        self._text = LiveText()
        self._news = asyncio.Event()
        self._is_over = False
        self.is_sending = False

    def feed(self, delta: str) -> None:
        """Take the next piece of the reply."""
        self._text.feed(delta)
        self._news.set()

    def close(self) -> None:
        """Begin nothing more."""
        self._is_over = True
        self._news.set()

    async def run(self) -> None:
        """Follow the text until `close`, or until Discord does not want the reply."""
        pause = _FIRST_PAUSE
        while not self._is_over:
            await self._news.wait()
            self._news.clear()
            try:
                await self._follow()
                pause = _FIRST_PAUSE
            except UnreachableError as error:
                await self._clock.sleep(max(error.retry_after, pause.total_seconds()))
                pause = min(pause * 2, _LONGEST_PAUSE)
                self._news.set()
            except RefusedError:
                return  # the final reply is tried once more, and tells why it could not be shown

    async def _follow(self) -> None:
        """Send until the messages show all that has come."""
        while not self._is_over and (behind := self._behind()) is not None:
            number, look = behind
            now = self._paces.now()
            if (due := self._due(number, now)) > now:
                await self._clock.sleep(due - now)
                continue
            self.is_sending = True
            try:
                await self._send(number, look)
            finally:
                self.is_sending = False

    async def _send(self, number: int, look: Look) -> None:
        if self._is_edit(number):
            self._paces.crowd.sent(self._paces.now())
        await self._writer.put(number, look)

    def _behind(self) -> tuple[int, Look] | None:
        """Return the first message that shows less than has come, and how it should look."""
        looks = enumerate(self._text.looks())
        return next(((number, look) for number, look in looks if not self._writer.shows(number, look)), None)

    def _due(self, number: int, now: float) -> float:
        bucket = self._writer.bucket(number)
        return (
            max(bucket.live_at(now), self._paces.crowd.live_at(now)) if self._is_edit(number) else bucket.free_at(now)
        )

    def _is_edit(self, number: int) -> bool:
        return number < len(self._writer.reply.parts)
