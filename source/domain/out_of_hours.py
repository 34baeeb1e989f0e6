"""What is done while nobody is at the business, and how that is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from source.domain.business_hours import BusinessHours

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


def spoken(opens: datetime, now: datetime) -> str:
    """Return a moment as people say it: today, the day of the week, or a date."""
    today, day = now.astimezone(opens.tzinfo).date(), opens.date()
    if day == today:
        return f"today at {opens:%H:%M}"
    return f"on {opens:%A}{'' if day - today <= _SOON else f', {opens:%d %B}'} at {opens:%H:%M}"
