"""What goes wrong with the next calls of the fake Graph API, or with those to one person."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime

from tests.fakes.graph_errors import Json, Problem, problem
from tests.fakes.graph_people import Person


@dataclass(slots=True)
class Call:
    """A request as it came and how it was answered; `status` is 0 until it is, or for ever."""

    method: str
    path: str
    query: dict[str, str]
    body: Json | None
    at: datetime
    person: Person | None = None
    status: int = 0
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """An answer without JSON, as the machines before Meta's send it."""

    status: int = 502


@dataclass(frozen=True, slots=True)
class Slow:
    """The request is served, but only after so long on the server's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer comes; `taken` says whether the message goes out nevertheless."""

    taken: bool = True


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is cut instead of an answer."""

    taken: bool = False


Fault = Problem | Broken | Slow | Hang | Cut


@dataclass(slots=True)
class _Planned:
    fault: Fault
    method: str
    path: re.Pattern[str]
    person: Person | None
    left: int

    def meets(self, call: Call) -> bool:
        here = self.method in ("*", call.method) and bool(self.path.search(call.path))
        return self.left > 0 and here and self.person in (None, call.person)


class Faults:
    """Faults strike calls in the order in which they were planned; `struck` says which did."""

    def __init__(self) -> None:
        self.struck: list[tuple[Fault, Call]] = []
        self._planned: list[_Planned] = []
        self._released = asyncio.Event()

    @property
    def pending(self) -> int:
        """How many calls are still to be struck."""
        return sum(one.left for one in self._planned)

    def plan(
        self, fault: Fault, *, method: str = "*", path: str = "", person: Person | None = None, times: int = 1
    ) -> None:
        """Strike the next `times` calls of this method, with the expression `path` in their path, to this person."""
        self._planned.append(_Planned(fault, method.upper(), re.compile(path), person, times))

    def refuse(self, code: int, *, path: str = "/messages$", person: Person | None = None, times: int = 1) -> None:
        """Answer with an error of Meta's table: `refuse(131056, person=ada)`."""
        self.plan(problem(code), path=path, person=person, times=times)

    def fail(
        self, status: int = 500, *, path: str = "/messages$", person: Person | None = None, times: int = 1
    ) -> None:
        self.plan(Broken(status), path=path, person=person, times=times)

    def slow(self, seconds: float, *, path: str = "/messages$", person: Person | None = None, times: int = 1) -> None:
        self.plan(Slow(seconds), path=path, person=person, times=times)

    def hang(
        self, *, taken: bool = True, path: str = "/messages$", person: Person | None = None, times: int = 1
    ) -> None:
        """Take the message, unless `taken=False`, and never answer: a read time-out for who sent it."""
        self.plan(Hang(taken), path=path, person=person, times=times)

    def cut(
        self, *, taken: bool = False, path: str = "/messages$", person: Person | None = None, times: int = 1
    ) -> None:
        self.plan(Cut(taken), path=path, person=person, times=times)

    def clear(self) -> None:
        """Plan nothing more and let go of what hangs."""
        self._planned.clear()
        self.release()

    def take(self, call: Call) -> Fault | None:
        """The fault that strikes this call, if any."""
        for planned in self._planned:
            if planned.meets(call):
                planned.left -= 1
                self.struck.append((planned.fault, call))
                return planned.fault
        return None

    def release(self) -> None:
        """Cut the line of every call that hangs."""
        self._released.set()
        self._released = asyncio.Event()

    async def released(self) -> None:
        await self._released.wait()
