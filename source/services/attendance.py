"""Knows in which threads a person answers, so that Echo only listens there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from source.domain.attendance import ECHO_ANSWERS, Attendance, AttendedThread, Mode
from source.domain.message import OF_BUSINESS
from source.domain.thread import ThreadKey
from source.domain.turn import AcceptedEvent, Told
from source.ports.attendance import AttendanceStore
from source.ports.clock import Clock
from source.services.keyed_locks import KeyedLocks

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said is kept and no model answers it; `sentence`, if there is one, is all that people are told."""

    sentence: str = ""
    told: tuple[Told, ...] = ()


SILENTLY: Final = Heard()


class Gate(Protocol):
    """Says where Echo only listens."""

    def is_held(self, thread: ThreadKey) -> bool:
        """Whether a person answers in this thread at this moment."""
        ...

    async def heard(self, thread: ThreadKey, events: Sequence[AcceptedEvent]) -> Heard | None:
        """Return how these events are only heard; None: Echo answers them.

        Raises: StoreError.
        """
        ...


class _AlwaysOpen:
    def is_held(self, thread: ThreadKey) -> bool:  # noqa: ARG002  (as the protocol names it)
        return False

    async def heard(self, thread: ThreadKey, events: Sequence[AcceptedEvent]) -> Heard | None:  # noqa: ARG002
        return None


ALWAYS_OPEN: Final[Gate] = _AlwaysOpen()


class Attending:
    """Who answers in each thread: durable first, then known to whoever asks, without a wait.

    Correct while this is the only process that answers. Every awaited method may raise a StoreError: nothing was
    changed then.
    """

    def __init__(self, store: AttendanceStore, clock: Clock, *, human_timeout: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._human_timeout = human_timeout
        self._attended: dict[ThreadKey, Attendance] = {}
        self._locks = KeyedLocks()

    async def load(self) -> None:
        """Learn what was decided before this process; what has run out since is forgotten."""
        now = self._clock.now()
        for each in await self._store.attended():
            if each.attendance.at(now).is_echo:
                await self._store.attend(each.thread, ECHO_ANSWERS)
            else:
                self._attended[each.thread] = each.attendance

    async def follow(self) -> None:
        """Know what the store knows, since threads were forgotten there, or moved to other ones.

        Raises: StoreError: what was known is known.
        """
        before = dict(self._attended)
        stored = {each.thread: each.attendance for each in await self._store.attended()}
        for thread in before.keys() | stored.keys():
            if self._attended.get(thread) is not before.get(thread):  # it was decided anew meanwhile
                continue
            if thread in stored:
                self._attended[thread] = stored[thread]
            else:
                del self._attended[thread]

    def of(self, thread: ThreadKey) -> Attendance:
        """Return who answers in a thread now."""
        return self._attended.get(thread, ECHO_ANSWERS).at(self._clock.now())

    def listed(self) -> list[AttendedThread]:
        """Return the threads in which a person answers now, the longest first."""
        now = self._clock.now()
        current = [AttendedThread(thread, each) for thread, each in self._attended.items() if not each.at(now).is_echo]
        return sorted(current, key=lambda each: (each.attendance.since or now, each.thread))

    async def ask_for_person(self, thread: ThreadKey, *, by: str, until: datetime | None = None) -> Attendance:
        """Have a person answer, until that moment or until none has done anything for a while."""
        now = self._clock.now()
        return await self._attend(thread, Attendance(Mode.HUMAN, until or now + self._human_timeout, now, by))

    async def pause(self, thread: ThreadKey, until: datetime, *, by: str) -> Attendance:
        """Have Echo listen until a moment, or longer where that was decided before."""
        now = self._clock.now()
        async with self._locks.hold(thread.thread_id):
            before = self.of(thread)
            if before.mode is Mode.HUMAN:  # a person was asked for, and is there: it goes on for as long as they are
                later = _later(before.until, now + self._human_timeout)
                return await self._keep(thread, replace(before, until=later, by=by))
            paused = Attendance(Mode.PAUSED, _later(before.until, until), before.since or now, by)
            return await self._keep(thread, paused)

    async def put_pause(self, thread: ThreadKey, until: datetime, *, by: str) -> Attendance:
        """Have Echo listen until exactly this moment, whatever was decided before."""
        return await self._attend(thread, Attendance(Mode.PAUSED, until, self._clock.now(), by))

    async def person_spoke(self, thread: ThreadKey) -> None:
        """A person of the business did something here: who was asked for is here, and it goes on for a while."""
        async with self._locks.hold(thread.thread_id):
            before = self.of(thread)
            if before.mode is Mode.HUMAN:
                later = _later(before.until, self._clock.now() + self._human_timeout)
                await self._keep(thread, replace(before, until=later))

    async def hand_back(self, thread: ThreadKey, *, by: str) -> bool:
        """Have Echo answer what comes next; False: it does so already."""
        async with self._locks.hold(thread.thread_id):
            if self.of(thread).is_echo:
                return False
            await self._keep(thread, ECHO_ANSWERS)
        log.info("bot_answers_again", platform=thread.platform.value, by=by)
        return True

    async def _attend(self, thread: ThreadKey, attendance: Attendance) -> Attendance:
        async with self._locks.hold(thread.thread_id):
            return await self._keep(thread, attendance)

    async def _keep(self, thread: ThreadKey, attendance: Attendance) -> Attendance:
        await self._store.attend(thread, attendance)
        if attendance.is_echo:
            self._attended.pop(thread, None)
            return attendance
        if self.of(thread).mode is not attendance.mode:
            log.info("person_answers", platform=thread.platform.value, mode=attendance.mode.value, by=attendance.by)
        self._attended[thread] = attendance
        return attendance


class AttendanceGate:
    """Implements `Gate`: Echo is silent where a person answers, and answers nobody who speaks for the business."""

    def __init__(self, attending: Attending, hours: Gate = ALWAYS_OPEN) -> None:
        self._attending = attending
        self._hours = hours

    def is_held(self, thread: ThreadKey) -> bool:
        return not self._attending.of(thread).is_echo

    async def heard(self, thread: ThreadKey, events: Sequence[AcceptedEvent]) -> Heard | None:
        # What a person of the business wrote answers all that was said before it.
        if self.is_held(thread) or events[-1].inbound.person.external_id == OF_BUSINESS:
            return SILENTLY
        return await self._hours.heard(thread, events)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
