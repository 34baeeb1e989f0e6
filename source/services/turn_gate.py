"""Lets turns begin while the event loop keeps up, so that what comes in need not wait for what is answered."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Final

from source.services.owned_tasks import OwnedTasks

# A webhook takes about six rounds of the loop: with these it is answered long before its sender gives up on it.
_LONGEST_ROUND: Final = timedelta(milliseconds=10)
_SHORTEST_PAUSE: Final = timedelta(milliseconds=4)
# However busy the loop is, somebody is answered.
_LONGEST_PAUSE: Final = timedelta(milliseconds=100)
_LONGER: Final = 2.0
_SHORTER: Final = 0.75


class TurnGate:
    """Lets in who waits, in their order, one after each pause; the pauses grow while the loop's rounds take long.

    Turns that have begun are not counted: any number of them may wait for the model. They make the loop busy only
    later, all at once, when many have begun together.
    """

    def __init__(
        self, tasks: OwnedTasks, *, longest_round: timedelta = _LONGEST_ROUND, longest_pause: timedelta = _LONGEST_PAUSE
    ) -> None:
        self._tasks = tasks
        self._longest_round = longest_round.total_seconds()
        self._longest_pause = longest_pause.total_seconds()
        self._shortest_pause = self._pause = _SHORTEST_PAUSE.total_seconds()
        self._last_at = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._keeper: asyncio.Task[None] | None = None

    async def passed(self) -> None:
        """Return when a turn may begin: at once when the loop is calm and nobody else waits."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        if self._keeper is None:
            self._keeper = self._tasks.spawn(self._keep(), name="turn-gate")
        await place

    async def _keep(self) -> None:
        is_calm = self._pause <= self._shortest_pause
        try:
            while self._waiting:
                await self._rest(0.0 if is_calm else self._pause)
                self._let_one_in()
                is_calm = False
        finally:
            self._keeper = None

    async def _rest(self, pause: float) -> None:
        """Leave the loop to others until the next may come in, and learn how late it comes back."""
        now = asyncio.get_running_loop().time
        due = max(now(), self._last_at + pause)
        await asyncio.sleep(due - now())
        self._last_at = now()
        if self._last_at - due > self._longest_round:
            self._pause = min(self._pause * _LONGER, self._longest_pause)
        else:
            self._pause = max(self._pause * _SHORTER, self._shortest_pause)

    def _let_one_in(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():  # who waited there may have been stopped
                place.set_result(None)
                return
