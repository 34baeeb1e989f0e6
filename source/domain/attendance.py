"""Who answers in a thread: Echo, or a person of the business."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from source.domain.thread import ThreadKey


class Mode(StrEnum):
    """Who answers: Echo; a person, while Echo listens; nobody until a moment, for a person has just spoken."""

    BOT = "bot"
    HUMAN = "human"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who answers in a thread `since` when; `by` says what kind of asker wanted that.

    From `until` on Echo answers again.
    """

    mode: Mode = Mode.BOT
    until: datetime | None = None
    since: datetime | None = None
    by: str = ""

    def at(self, now: datetime) -> "Attendance":
        """Return what holds at a moment: what has run out holds no more."""
        has_run_out = self.until is not None and self.until <= now
        return ECHO_ANSWERS if self.mode is Mode.BOT or has_run_out else self

    @property
    def is_echo(self) -> bool:
        return self.mode is Mode.BOT


ECHO_ANSWERS: Final = Attendance()


@dataclass(frozen=True, slots=True)
class AttendedThread:
    """A thread in which a person answers."""

    thread: ThreadKey
    attendance: Attendance
