"""How much one person may ask of Echo."""

import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.domain.turn import InboundMessage, ModelUsage
from source.ports.clock import Clock
from source.ports.store import StatisticsStore

_MINUTE = 60.0


class PersonKey(NamedTuple):
    """What tells one person from every other: their id on their platform."""

    platform: Platform
    external_id: str


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What one person may send and cause; 0 is any number. Nothing of it binds the `unlimited`."""

    messages_per_minute: int = 0
    daily_tokens: int = 0
    unlimited: frozenset[PersonKey] = frozenset()
    unlimited_platforms: frozenset[Platform] = frozenset()


class Limits:
    """Counts each person's messages of a minute and tokens of a day (UTC).

    Only people who spoke within the last minute, or whose answers took tokens today, are remembered.
    """

    def __init__(self, settings: LimitSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        # By person, when the messages taken so far will be made up for: one message costs its share of a minute.
        self._paid_until: OrderedDict[PersonKey, float] = OrderedDict()
        self._spent: dict[PersonKey, int] = {}
        self._day = clock.now().date()

    def __len__(self) -> int:
        """Return of how many people's messages something is remembered."""
        return len(self._paid_until)

    async def load(self, statistics: StatisticsStore, platforms: Iterable[Platform] = tuple(Platform)) -> None:
        """Count what was spent today before this process began."""
        if not self._settings.daily_tokens:
            return
        midnight = datetime.combine(self._today(), time(), UTC)
        for platform in platforms:
            for person, tokens in (await statistics.tokens_since(platform, midnight)).items():
                key = PersonKey(platform, person)
                self._spent[key] = self._spent.get(key, 0) + tokens

    def take(self, inbound: InboundMessage) -> None:
        """Count a message of this person.

        Raises: RefusedInputError: it is one too many and was not counted; the text says when it goes on.
        """
        person = _sender(inbound)
        self.check(inbound)
        if self._settings.messages_per_minute and not self._is_unlimited(person):
            self._forget_whose_minute_is_over(self._clock.monotonic())
            self._paid_until[person] = self._paid_with_one_more(person)
            self._paid_until.move_to_end(person)

    def check(self, inbound: InboundMessage) -> None:
        """Return if one more message of this person could be taken now; it is not counted.

        Raises: RefusedInputError: as `take` would.
        """
        person = _sender(inbound)
        if self._is_unlimited(person):
            return
        self.check_tokens(inbound)
        if self._settings.messages_per_minute:
            self._check_minute(person)

    def check_tokens(self, inbound: InboundMessage) -> None:
        """Return if this person has tokens left today.

        Raises: RefusedInputError: none; the text says when it goes on.
        """
        person, most, today = _sender(inbound), self._settings.daily_tokens, self._today()
        if not most or self._is_unlimited(person) or self._spent.get(person, 0) < most:
            return
        midnight = datetime.combine(today + timedelta(days=1), time(), UTC)
        wait = _spoken(midnight - self._clock.now())
        raise RefusedInputError(
            f"Today's {most:,} tokens for your answers are used up: I can go on at midnight UTC, in {wait}."
        )

    def give_back(self, inbound: InboundMessage) -> None:
        """The message was not new, or could not be taken: it counts no more."""
        person = _sender(inbound)
        paid_until = self._paid_until.get(person)
        if paid_until is not None and self._settings.messages_per_minute:
            self._paid_until[person] = paid_until - self._share

    def forget(self, person: PersonKey) -> None:
        """Remember nothing of this person: they begin anew."""
        self._paid_until.pop(person, None)
        self._spent.pop(person, None)

    def spend(self, platform: Platform, usage: Iterable[ModelUsage]) -> None:
        """Count the tokens of stored model calls for whoever caused them."""
        if not self._settings.daily_tokens:
            return
        self._today()
        for call in usage:
            if call.person is not None:
                person = PersonKey(platform, call.person)
                self._spent[person] = self._spent.get(person, 0) + call.input_tokens + call.output_tokens

    def _paid_with_one_more(self, person: PersonKey) -> float:
        now = self._clock.monotonic()
        return max(now, self._paid_until.get(person, now)) + self._share

    @property
    def _share(self) -> float:
        """The part of a minute, in seconds, that one message costs."""
        return _MINUTE / self._settings.messages_per_minute

    def _check_minute(self, person: PersonKey) -> None:
        share = self._share
        wait = self._paid_with_one_more(person) - self._clock.monotonic() - _MINUTE
        # A sum of shares may be off by its last bits.
        if wait > share / 1000:
            most = _counted(self._settings.messages_per_minute, "message")
            seconds = _counted(max(1, math.ceil(wait - share / 1000)), "second")
            raise RefusedInputError(f"I take {most} a minute from one person: please send this again in {seconds}.")

    def _forget_whose_minute_is_over(self, now: float) -> None:
        while self._paid_until:
            person, paid_until = next(iter(self._paid_until.items()))
            if paid_until > now:
                return
            del self._paid_until[person]

    def _today(self) -> date:
        """Return the day in UTC; with a new one everybody begins anew."""
        today = self._clock.now().date()
        if today != self._day:
            self._day = today
            self._spent.clear()
        return today

    def _is_unlimited(self, person: PersonKey) -> bool:
        return person.platform in self._settings.unlimited_platforms or person in self._settings.unlimited


def _sender(inbound: InboundMessage) -> PersonKey:
    return PersonKey(inbound.thread.platform, inbound.person.external_id)


def _spoken(duration: timedelta) -> str:
    minutes = max(1, -int(-duration.total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return _counted(minutes, "minute")
    return _counted(hours, "hour") + (f" and {_counted(minutes, 'minute')}" if minutes else "")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"
