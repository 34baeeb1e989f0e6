"""What is known of a person, value by value, each with where and when it was said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from source.domain.thread import Platform


class ProfileSource(StrEnum):
    """Who says so: the person by a command, an operator, what was found in their messages and how, or how they call
    themselves on their platform.
    """

    PERSON = "person"
    OPERATOR = "operator"
    MODEL = "model"
    OFFLINE = "offline"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class ProfilePlace:
    """Where a value was given, and so from where it is seen; without a platform it is private wherever they write."""

    platform: Platform | None = None
    guild_id: str | None = None
    circle: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileValue:
    """One value of a field; what messages show it, it names, and `said_at` is when that was said."""

    value_id: int
    field: str
    value: str
    source: ProfileSource
    place: ProfilePlace
    said_at: datetime
    conversation_id: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The values that somebody may see, the newest first; of each field the first holds, the others were.

    What somebody calls themself on a platform comes after everything that was said.
    """

    values: tuple[ProfileValue, ...] = ()

    @classmethod
    def of(cls, values: Iterable[ProfileValue]) -> "Profile":
        return cls(tuple(sorted(values, key=_newness, reverse=True)))

    def fields(self, first: Sequence[str]) -> list[str]:
        """Return the fields that have a value: those of `first` in their order, then the others by name."""
        known = {value.field for value in self.values}
        return [*(field for field in first if field in known), *sorted(known.difference(first))]

    def current(self, field: str) -> ProfileValue | None:
        return next((value for value in self.values if value.field == field), None)

    def earlier(self, field: str) -> tuple[ProfileValue, ...]:
        """Return what the field was before, each value once."""
        told = [value for value in self.values if value.field == field]
        latest = {value.value.casefold(): value for value in reversed(told)}
        return tuple(value for value in told[1:] if latest[value.value.casefold()] is value)

    def missing(self, required: Iterable[str]) -> tuple[str, ...]:
        return tuple(field for field in required if self.current(field) is None)

    def found_all_info(self, required: Iterable[str]) -> bool:
        """Whether every required field has a value."""
        return not self.missing(required)


def _newness(value: ProfileValue) -> tuple[bool, datetime, int]:
    return value.source is not ProfileSource.CONTACT, value.said_at, value.value_id
