"""Has a person answer in Echo's place, and Echo again."""

from datetime import datetime
from typing import Protocol

import structlog

from source.domain.attendance import Attendance, Mode
from source.domain.errors import RefusedInputError, StoreError
from source.domain.thread import ThreadRef
from source.ports.clock import Clock
from source.services.attendance import Attending
from source.services.audit import AuditLog

log = structlog.get_logger(__name__)

CHANGED = "attendance"
_WHEN = "Until when? A pause needs a moment that is still to come."
_NOT_FOR_BOT = "Until when is for a person who answers, or for a pause: leave it out for the bot."


class StepsBack(Protocol):
    """What is needed of the `TurnService`."""

    async def step_back(self, thread: ThreadRef) -> None:
        """As in `TurnService`."""
        ...


class TakingOver:
    """What is being said in a thread ends with the decision. Methods may raise a StoreError: nothing was changed."""

    def __init__(self, attending: Attending, turns: StepsBack, audit: AuditLog, clock: Clock) -> None:
        self._attending = attending
        self._turns = turns
        self._audit = audit
        self._clock = clock

    async def ask_for_person(self, thread: ThreadRef) -> Attendance:
        """Somebody wants to be answered by a person: the operator is told in the log."""
        attendance = await self._attending.ask_for_person(thread.key, by="person")
        log.warning("person_wanted", platform=thread.platform.value, thread=thread.thread_id)
        await self._step_back(thread)
        return attendance

    async def pause(self, thread: ThreadRef, until: datetime, *, by: str) -> Attendance:
        """A person has spoken: Echo listens until then, or for longer where that was decided before."""
        attendance = await self._attending.pause(thread.key, until, by=by)
        await self._step_back(thread)
        return attendance

    async def give_back(self, thread: ThreadRef) -> bool:
        """Somebody who wanted a person wants Echo again; False: Echo answers already.

        Raises: RefusedInputError: a person of the business has taken over, and gives it back.
        """
        attendance = self._attending.of(thread.key)
        if not attendance.is_echo and attendance.by != "person":
            raise RefusedInputError("A person is answering you here. I go on once they are done.")
        return await self._attending.hand_back(thread.key, by="person")

    async def put(self, thread: ThreadRef, mode: Mode, until: datetime | None, *, asked_by: str) -> Attendance:
        """Have it as an operator wants it.

        Raises: RefusedInputError: the moment is missing, has passed, or means nothing.
        """
        if until is not None and mode is Mode.BOT:
            raise RefusedInputError(_NOT_FOR_BOT)
        has_passed = until is not None and until <= self._clock.now()
        if has_passed or (until is None and mode is Mode.PAUSED):
            raise RefusedInputError(_WHEN)
        if mode is Mode.BOT:
            await self._attending.hand_back(thread.key, by="operator")
        else:
            await self._take(thread, mode, until)
        await self._audit.note(CHANGED, asked_by, {mode.value: 1})
        return self._attending.of(thread.key)

    async def _take(self, thread: ThreadRef, mode: Mode, until: datetime | None) -> None:
        if mode is Mode.PAUSED and until is not None:
            await self._attending.put_pause(thread.key, until, by="operator")
        else:
            await self._attending.ask_for_person(thread.key, by="operator", until=until)
        await self._step_back(thread)

    async def _step_back(self, thread: ThreadRef) -> None:
        try:
            await self._turns.step_back(thread)
        except StoreError as error:
            log.warning("replies_not_withdrawn", reason=str(error))  # they are withheld all the same
