"""Outside business hours, where the operator wants that: one notice for each time that nobody is there."""

from collections.abc import Sequence
from typing import Final

from source.domain.out_of_hours import Hours, OutOfHours, spoken
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import AcceptedEvent, Told
from source.ports.attendance import ToldStore
from source.ports.clock import Clock
from source.services.attendance import SILENTLY, Heard

CLOSED: Final = "closed"
"""What people were told of business hours, in `ToldStore`."""


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
