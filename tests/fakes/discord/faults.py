"""What goes wrong with the next requests."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from enum import StrEnum

from tests.fakes.discord.call import Call
from tests.fakes.discord.refusals import Problem


class Trouble(StrEnum):
    """Faults that are no answer."""

    HANG = "hang"  # read, and never answered
    CUT_BEFORE = "cut before"  # the line is cut, nothing has happened
    CUT_AFTER = "cut after"  # it has happened, and the answer is lost
    HANG_AFTER = "hang after"  # it has happened, and the answer never comes


@dataclass(frozen=True, slots=True)
class TooMany:
    """A 429, as Discord's own servers send it; without `via` it looks like a ban by Cloudflare."""

    retry_after: float = 0.1
    is_global: bool = False
    via: bool = True


@dataclass(frozen=True, slots=True)
class Broken:
    """An answer without JSON, as the machines before Discord send it."""

    status: int = 502


@dataclass(frozen=True, slots=True)
class Slow:
    """The request is served, but later."""

    seconds: float


Fault = Trouble | TooMany | Broken | Slow | Problem


@dataclass(slots=True)
class _Planned:
    fault: Fault
    method: str
    path: re.Pattern[str]
    left: int

    def meets(self, call: Call) -> bool:
        return self.left > 0 and self.method in ("*", call.method) and bool(self.path.search(call.path))


class Faults:
    """Faults strike requests in the order in which they were planned; `struck` says which did."""

    def __init__(self) -> None:
        self.struck: list[tuple[Fault, Call]] = []
        self._planned: list[_Planned] = []
        self._released = asyncio.Event()

    @property
    def pending(self) -> int:
        """How many requests are still to be struck."""
        return sum(one.left for one in self._planned)

    def plan(self, fault: Fault, *, method: str = "*", path: str = "", times: int = 1) -> None:
        """Strike the next `times` requests of this method whose path holds the expression `path`."""
        self._planned.append(_Planned(fault, method.upper(), re.compile(path), times))

    def rate_limit(
        self,
        *,
        retry_after: float = 0.1,
        is_global: bool = False,
        method: str = "*",
        path: str = "",
        times: int = 1,
    ) -> None:
        self.plan(TooMany(retry_after, is_global), method=method, path=path, times=times)

    def refuse(
        self, status: int, code: int, message: str = "", *, method: str = "*", path: str = "", times: int = 1
    ) -> None:
        """Answer with an error of Discord's: `refuse(403, 50013)`."""
        self.plan(Problem(status, code, message or f"error {code}"), method=method, path=path, times=times)

    def fail(self, status: int = 500, *, method: str = "*", path: str = "", times: int = 1) -> None:
        self.plan(Broken(status), method=method, path=path, times=times)

    def hang(self, *, method: str = "*", path: str = "", times: int = 1, after_effect: bool = False) -> None:
        self.plan(Trouble.HANG_AFTER if after_effect else Trouble.HANG, method=method, path=path, times=times)

    def cut(self, *, method: str = "*", path: str = "", times: int = 1, after_effect: bool = True) -> None:
        self.plan(Trouble.CUT_AFTER if after_effect else Trouble.CUT_BEFORE, method=method, path=path, times=times)

    def clear(self) -> None:
        """Plan nothing more and let go of what hangs."""
        self._planned.clear()
        self.release()

    def take(self, call: Call) -> Fault | None:
        """The fault that strikes this request, if any."""
        for planned in self._planned:
            if planned.meets(call):
                planned.left -= 1
                self.struck.append((planned.fault, call))
                return planned.fault
        return None

    def release(self) -> None:
        """Cut the line of every request that hangs."""
        self._released.set()
        self._released = asyncio.Event()

    async def released(self) -> None:
        await self._released.wait()
