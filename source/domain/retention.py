"""How long what was said is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from source.domain.thread import Platform, ThreadRef


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How many days something is kept; 0: for ever, None: as the next wider rule says.

    It is for a person, or for a place: a platform, a guild of it, or one thread.
    """

    rule_id: int
    platform: Platform | None = None
    guild_id: str | None = None
    thread_id: str | None = None
    person_id: int | None = None
    message_days: int | None = None
    summary_days: int | None = None

    @property
    def width(self) -> int:
        """How much it is about: a person, a thread, a guild, a platform, from the narrowest."""
        if self.person_id is not None:
            return 0
        return 1 if self.thread_id is not None else 2 if self.guild_id is not None else 3

    @property
    def same(self) -> tuple[object, ...]:
        """What two rules for the same have in common."""
        return (self.platform, self.guild_id, self.thread_id, self.person_id)

    def is_for(self, thread: ThreadRef | None, person_id: int | None) -> bool:
        """Whether it says something about what this person said in this thread."""
        if self.person_id is not None:
            return self.person_id == person_id
        if thread is None or self.platform is not thread.platform:
            return False
        return self.guild_id in {None, thread.guild_id} and self.thread_id in {None, thread.thread_id}


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules and what holds where there is none; the narrowest rule that says a number decides."""

    message_days: int
    summary_days: int
    rules: tuple[RetentionRule, ...] = ()

    def messages_before(self, now: datetime, thread: ThreadRef, person_id: int | None) -> datetime | None:
        """Return from before when what the person said in the thread is to go; None: nothing is."""
        days = next((rule.message_days for rule in self._for(thread, person_id) if rule.message_days is not None), None)
        return _before(now, self.message_days if days is None else days)

    def summaries_before(self, now: datetime, person_id: int | None) -> datetime | None:
        """Return from before when a summary of the person is to go; None: it stays."""
        days = next((rule.summary_days for rule in self._for(None, person_id) if rule.summary_days is not None), None)
        return _before(now, self.summary_days if days is None else days)

    def earliest(self, now: datetime) -> datetime | None:
        """Return from before when any message may have to go; None: none ever."""
        return _latest(now, (self.message_days, *(rule.message_days for rule in self.rules)))

    def earliest_summary(self, now: datetime) -> datetime | None:
        """Return from before when any summary may have to go."""
        return _latest(now, (self.summary_days, *(rule.summary_days for rule in self.rules)))

    def _for(self, thread: ThreadRef | None, person_id: int | None) -> list[RetentionRule]:
        return sorted((rule for rule in self.rules if rule.is_for(thread, person_id)), key=lambda rule: rule.width)


def _before(now: datetime, days: int) -> datetime | None:
    return now - timedelta(days=days) if days else None


def _latest(now: datetime, days: Iterable[int | None]) -> datetime | None:
    counted = [each for each in days if each]
    return now - timedelta(days=min(counted)) if counted else None
