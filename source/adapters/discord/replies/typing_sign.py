"""The sign that Echo is typing, for as long as there is nothing to read."""

import asyncio
from datetime import timedelta
from typing import Final

from source.adapters.discord.replies.messages import Messages
from source.adapters.discord.replies.troubles import RefusedError, UnreachableError
from source.ports.clock import Clock
from source.services.owned_tasks import OwnedTasks

# Most replies begin sooner, and need no sign.
_GRACE: Final = timedelta(milliseconds=250)
# Discord: the sign goes out after ten seconds.
_RENEWED: Final = timedelta(seconds=8)
# Whatever never ends by then has been given up.
_LONGEST: Final = timedelta(minutes=15)


class TypingSign:
    """Shown soon after `begin`, at once after `hurry`, until `end`."""

    def __init__(self, messages: Messages, channel_id: int, clock: Clock, running: OwnedTasks) -> None:
        self._messages = messages
        self._channel_id = channel_id
        self._clock = clock
        self._running = running
        self._task: asyncio.Task[None] | None = None
        self._is_lit = False

    def begin(self) -> None:
        """Show the sign unless there is something to read soon."""
        if self._task is None:
            self._start(_GRACE)

    def hurry(self) -> None:
        """Show the sign now."""
        if self._is_lit:
            return
        self.end()
        self._start(timedelta())

    def end(self) -> None:
        """Show it no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._is_lit = False

    def _start(self, grace: timedelta) -> None:
        self._is_lit = not grace
        self._task = self._running.spawn(self._show(grace), name="discord-typing")

    async def _show(self, grace: timedelta) -> None:
        if grace:
            await self._clock.sleep(grace.total_seconds())
        self._is_lit = True
        for _ in range(_LONGEST // _RENEWED):
            try:
                await self._messages.typing(self._channel_id)
            except UnreachableError:
                pass  # the reply itself is what matters
            except RefusedError:
                return
            await self._clock.sleep(_RENEWED.total_seconds())
