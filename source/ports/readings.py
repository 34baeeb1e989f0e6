"""Figures that a monitor reads every few seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class ReadingKind(StrEnum):
    """Whether a figure only grows while the process lives, or goes up and down."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure under a name of Prometheus's kind, without `_total`."""

    name: str
    about: str
    kind: ReadingKind
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


class Readings(Protocol):
    """Somebody who has figures."""

    async def begin(self) -> None:
        """Note where the counters begin; called once, before `read`."""
        ...

    async def read(self) -> Sequence[Reading]:
        """Return the figures of this moment.

        Raises: EchoError: there are none now.
        """
        ...


@dataclass(frozen=True, slots=True)
class ActivityMark:
    """Up to where activity has been counted."""

    message: int = 0
    call: int = 0


@dataclass(frozen=True, slots=True)
class CallTotals:
    """Calls of one model for one purpose; `cost` is in millionths of a dollar."""

    model: str
    purpose: str
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What came after a mark: chat messages by platform and author (`person`, `echo` or `business`), and calls."""

    messages: Mapping[tuple[str, str], int]
    calls: Sequence[CallTotals]
    mark: ActivityMark


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: messages for an answer, answers for their delivery, tasks by status."""

    unanswered: int
    undelivered: int
    tasks: Mapping[str, int]


class ActivityStore(Protocol):
    """Counts what is new, so that counting costs the same however much there is.

    Raises: StoreError.
    """

    async def present_mark(self) -> ActivityMark:
        """Return the mark behind everything that there is."""
        ...

    async def activity(self, since: ActivityMark) -> Activity: ...

    async def backlog(self) -> Backlog: ...
