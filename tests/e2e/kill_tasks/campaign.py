"""Kills and restarts processes that do tasks, many times."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from random import Random

from tests.e2e.fork_server import processes, warm_up
from tests.e2e.kill_tasks.worker import Place, finish, work

_WORKING_SECONDS = 0.8
_CLEAN_RUN_SECONDS = 30


class CampaignFailedError(AssertionError):
    """A process ended in a way that it should not have."""


@dataclass(slots=True)
class Campaign:
    """Processes on one place: one at a time, or with a shared database two."""

    place: Place
    random: Random
    tasks_a_run: int = 3
    kills: int = 0
    _living: list[ForkServerProcess] = field(default_factory=list)

    async def run(self, kills: int, progress: Callable[[int], None] = lambda _kills: None) -> None:
        """Kill so many times, then let a last process do what is left."""
        await asyncio.to_thread(warm_up)
        try:
            longest = await self._seconds_to_begin() + _WORKING_SECONDS
            while self.kills < kills:
                await self._kill_once(longest)
                progress(self.kills)
            last = start(finish, self.place)
            while self._living:
                await self._kill(self._living.pop())
            await ended_in_order(last)
        finally:
            for process in self._living:
                process.kill()

    async def _seconds_to_begin(self) -> float:
        """Return how long a process takes on this machine, as busy as it is, until it works; that one is killed."""
        began = time.monotonic()
        self._living.append(start(work, self.place, self.kills, self.random.randrange(1 << 30), self.tasks_a_run))
        while not (self.place.journal.exists() and "began" in self.place.journal.read_text(encoding="utf-8")):
            if time.monotonic() - began > _CLEAN_RUN_SECONDS:
                raise CampaignFailedError(f"a process did not begin to work: see {self.place.log}")
            await asyncio.sleep(0.02)
        await self._kill(self._living.pop())
        return time.monotonic() - began

    async def _kill_once(self, longest: float) -> None:
        while len(self._living) < (2 if self.place.is_shared else 1):
            seed = self.random.randrange(1 << 30)
            number = self.kills * 2 + len(self._living)
            self._living.append(start(work, self.place, number, seed, self.tasks_a_run))
        await asyncio.sleep(self.random.uniform(0.0, longest))
        await self._kill(self._living.pop(self.random.randrange(len(self._living))))

    async def _kill(self, process: ForkServerProcess) -> None:
        process.kill()
        await asyncio.to_thread(process.join)
        self.kills += 1
        if process.exitcode != -signal.SIGKILL:
            raise CampaignFailedError(f"a process ended by itself with {process.exitcode}: see {self.place.log}")


def start(work: Callable[..., None], place: Place, *arguments: object, **options: object) -> ForkServerProcess:
    process = processes.Process(target=work, args=(place, *arguments), kwargs=options, daemon=True)
    process.start()
    return process


async def ended_in_order(process: ForkServerProcess) -> None:
    await asyncio.to_thread(process.join, _CLEAN_RUN_SECONDS)
    if process.exitcode != 0:
        process.kill()
        raise CampaignFailedError(f"the last process did not end in order: {process.exitcode}")
