"""Lets turns begin while the event loop keeps up, so that what comes in need not wait for what is answered."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Final

from source.services.owned_tasks import OwnedTasks

# A webhook takes about six rounds of the loop: with these it is answered long before its sender gives up on it.
_LONGEST_ROUND: Final = timedelta(milliseconds=10)
# However busy the loop is, somebody is answered.
_LONGEST_STOP: Final = timedelta(milliseconds=250)


class TurnGate:
    """Lets in who waits, in their order, one in each round of the loop; none after a round that took long.

    Turns that have begun are not counted: any number of them may wait for the model.
    """

    def __init__(
        self, tasks: OwnedTasks, *, longest_round: timedelta = _LONGEST_ROUND, longest_stop: timedelta = _LONGEST_STOP
    ) -> None:
        self._tasks = tasks
        self._longest_round = longest_round.total_seconds()
        self._longest_stop = longest_stop.total_seconds()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._keeper: asyncio.Task[None] | None = None

    async def passed(self) -> None:
        """Return when a turn may begin."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        if self._keeper is None:
            self._keeper = self._tasks.spawn(self._keep(), name="turn-gate")
        await place

    async def _keep(self) -> None:
        try:
            while self._waiting:
                await self._until_calm()
                self._let_one_in()
        finally:
            self._keeper = None

    async def _until_calm(self) -> None:
        """Return after a short round; rounds are what the loop does between two looks at what has come in."""
        now = asyncio.get_running_loop().time
        stopped_at = round_began = now()
        while True:
            await asyncio.sleep(0)
            ended = now()
            if ended - round_began <= self._longest_round or ended - stopped_at > self._longest_stop:
                return
            round_began = ended

    def _let_one_in(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():  # who waited there may have been stopped
                place.set_result(None)
                return
