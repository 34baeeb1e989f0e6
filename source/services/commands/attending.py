"""The commands by which people are answered by a person, and by Echo again."""

from datetime import datetime
from typing import Protocol

from source.domain.attendance import Attendance
from source.domain.out_of_hours import Hours
from source.domain.thread import ThreadRef
from source.ports.clock import Clock
from source.services.commands.vocabulary import CommandInvocation, CommandReply

_BACK = "I am answering again."
_HERE = "I am answering already. /human asks for a person."


class HandsOver(Protocol):
    """What is needed of `TakingOver`."""

    async def ask_for_person(self, thread: ThreadRef) -> Attendance:
        """As in `TakingOver`."""
        ...

    async def give_back(self, thread: ThreadRef) -> bool:
        """As in `TakingOver`."""
        ...


class AttendingCommands:
    """`/human` and `/bot`."""

    def __init__(self, taking_over: HandsOver, hours: Hours, clock: Clock, *, notice: str) -> None:
        self._taking_over = taking_over
        self._hours = hours
        self._clock = clock
        self._notice = notice

    async def human(self, invocation: CommandInvocation) -> CommandReply:
        """Have a person answer, and say when there is one."""
        await self._taking_over.ask_for_person(invocation.thread)
        now: datetime = self._clock.now()
        return CommandReply("\n".join(filter(None, (self._notice, self._hours.told_when(now)))))

    async def bot(self, invocation: CommandInvocation) -> CommandReply:
        """Have Echo answer again."""
        is_back = await self._taking_over.give_back(invocation.thread)
        return CommandReply(_BACK if is_back else _HERE)
