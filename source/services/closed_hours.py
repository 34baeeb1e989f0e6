"""Outside business hours, where the operator wants that: one notice for each time that nobody is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from source.domain.business_hours import BusinessHours
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import AcceptedEvent, Told
from source.ports.attendance import ToldStore
from source.ports.clock import Clock
from source.services.attendance import SILENTLY, Heard

CLOSED: Final = "closed"
"""What people were told of business hours, in `ToldStore`."""

_SOON: Final = timedelta(days=6)


class OutOfHours(StrEnum):
    """What Echo does while nobody is there: answers; answers and says when people are; says only that, once."""

    ANSWER = "answer"
    NOTICE = "notice"
    SILENT_NOTICE = "silent_notice"


@dataclass(frozen=True, slots=True)
class Hours:
    """When people are there and what is done while they are not; None: they always may be.

    The `notice` has the place `{opens}`, where it says when somebody is there.
    """

    hours: BusinessHours | None = None
    out_of_hours: OutOfHours = OutOfHours.ANSWER
    notice: str = "{opens}"

    def opens_after(self, at: datetime) -> datetime | None:
        """Return when people are there again; None: they are, or may be."""
        return None if self.hours is None or self.hours.is_open(at) else self.hours.opens_after(at)

    def told_when(self, at: datetime) -> str:
        """Return the line that tells somebody who wants a person when there is one; empty: there may be, now."""
        opens = self.opens_after(at) if self.out_of_hours is not OutOfHours.ANSWER else None
        return f"People are here again {spoken(opens, at)}." if opens is not None else ""


class ClosedHours:
    """Implements `Gate` for the hours in which the operator wants nothing answered; a terminal is always answered."""

    def __init__(self, hours: Hours, told: ToldStore, clock: Clock) -> None:
        self._hours = hours
        self._told = told
        self._clock = clock

    def is_held(self, thread: ThreadKey) -> bool:  # noqa: ARG002  (what a reply began is finished after hours)
        return False

    async def heard(self, thread: ThreadKey, events: Sequence[AcceptedEvent]) -> Heard | None:
        if self._hours.out_of_hours is not OutOfHours.SILENT_NOTICE or thread.platform is Platform.TERMINAL:
            return None
        now = self._clock.now()
        opens = self._hours.opens_after(now)
        if opens is None:
            return None
        people = sorted({event.inbound.person.external_id for event in events})
        told = await self._told.told(thread.platform, people, CLOSED)
        mark = opens.isoformat()
        new = [who for who in people if told.get(who) != mark]
        if not new:
            return SILENTLY
        sentence = self._hours.notice.replace("{opens}", spoken(opens, now))
        return Heard(sentence, tuple(Told(thread.platform, who, CLOSED, mark) for who in new))


def spoken(opens: datetime, now: datetime) -> str:
    """Return a moment as people say it: today, the day of the week, or a date."""
    today, day = now.astimezone(opens.tzinfo).date(), opens.date()
    if day == today:
        return f"today at {opens:%H:%M}"
    return f"on {opens:%A}{'' if day - today <= _SOON else f', {opens:%d %B}'} at {opens:%H:%M}"
