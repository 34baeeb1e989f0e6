"""Who answers in a chat: Echo, or a person of the business."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import ChatId
from source.adapters.web.chat_ids import known_chats
from source.adapters.web.documented import problems
from source.adapters.web.pages import Body, Shown
from source.adapters.web.problems import Problem
from source.domain.attendance import Attendance, Mode
from source.domain.errors import RefusedInputError
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.services.attendance import Attending
from source.services.chat_ids import ThreadBook, chat_id_of, threads_of
from source.services.taking_over import TakingOver

_Reading = Annotated[Caller, requires(Scope.READ)]
_Writing = Annotated[Caller, requires(Scope.WRITE)]


class AttendanceBody(Body):
    """Who is to answer; a pause needs the moment at which Echo goes on, for a person there may be one."""

    mode: Mode
    until: AwareDatetime | None = Field(default=None, examples=["2026-11-21T18:00:00Z"])


class AttendanceShown(Shown):
    """Who answers; `bot`: Echo does. From `until` on it does again."""

    chat_id: str
    platform: Platform
    mode: Mode
    until: datetime | None
    since: datetime | None
    by: str = Field(description="Who decided it: person, owner (on their phone), operator; empty: nobody.")


class AttendedShown(Shown):
    """The chats in which Echo does not answer now, the longest first."""

    chats: list[AttendanceShown]


@dataclass(frozen=True, slots=True)
class AttendanceParts:
    """What is needed to have people answer over HTTP."""

    threads: ThreadBook
    attending: Attending
    taking_over: TakingOver


def router(parts: AttendanceParts) -> APIRouter:
    """Return the routes of who answers where."""
    routes = APIRouter(prefix="/api/conversations", tags=["attendance"])

    @routes.get("/attendance", operation_id="listAttendance", responses=problems())
    async def attended(_: _Reading) -> AttendedShown:
        """List the chats in which a person answers, or is awaited."""
        listed = parts.attending.listed()
        return AttendedShown(chats=[_shown(each.thread, each.attendance) for each in listed])

    @routes.get("/{chat_id}/attendance", operation_id="getAttendance", responses=problems(404))
    async def attendance(chat_id: ChatId, _: _Reading) -> AttendanceShown:
        """Tell who answers in a chat."""
        thread = await _thread(parts, chat_id)
        return _shown(thread.key, parts.attending.of(thread.key))

    @routes.put("/{chat_id}/attendance", operation_id="putAttendance", responses=problems(400, 404, 422))
    async def put(chat_id: ChatId, body: AttendanceBody, caller: _Writing) -> AttendanceShown:
        """Have a person answer, have Echo be silent until a moment, or have it answer again."""
        thread = await _thread(parts, chat_id)
        try:
            now = await parts.taking_over.put(thread, body.mode, body.until, asked_by=caller.requested_by)
        except RefusedInputError as error:
            raise Problem(422, str(error)) from error
        return _shown(thread.key, now)

    return routes


async def _thread(parts: AttendanceParts, chat_id: str) -> ThreadRef:
    """Return the one thread that is meant; somebody may have asked for a person there before they said anything.

    Raises: Problem: as `known_chats`.
    """
    if not await threads_of(parts.threads, chat_id):
        for each in parts.attending.listed():
            if chat_id == chat_id_of(each.thread):
                return ThreadRef(each.thread.platform, each.thread.thread_id)
    (name,) = await known_chats(parts.threads, [chat_id])
    return (await threads_of(parts.threads, name))[0]


def _shown(thread: ThreadKey, attendance: Attendance) -> AttendanceShown:
    return AttendanceShown(
        chat_id=chat_id_of(thread),
        platform=thread.platform,
        mode=attendance.mode,
        until=attendance.until,
        since=attendance.since,
        by=attendance.by,
    )
