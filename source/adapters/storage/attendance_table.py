"""Who answers where, and what people wish and were told, in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from source.adapters.storage.attendance_tables import person_wishes, thread_attendance, told_once
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.tables import events
from source.domain.attendance import Attendance, AttendedThread, Mode
from source.domain.identifiers import least_from
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import Told


class AttendanceTable:
    """Implements `AttendanceStore`, `WishStore` and `ToldStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def attended(self) -> list[AttendedThread]:
        return await self._access.read(_attended)

    async def attend(self, thread: ThreadKey, attendance: Attendance) -> None:
        await self._access.change(lambda connection, _now: _attend(connection, thread, attendance))

    async def stop(self, platform: Platform, external_id: str) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            row = {"platform": platform.value, "external_id": external_id, "stopped_at": now}
            connection.execute(insert_of(connection, person_wishes).values(row).on_conflict_do_nothing())

        await self._access.change(apply)

    async def start(self, platform: Platform, external_id: str) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(delete(person_wishes).where(*_is(person_wishes, platform, external_id)))

        await self._access.change(apply)

    async def stopped_at(self, platform: Platform, external_id: str) -> datetime | None:
        return await self._access.read(_stopped_at, platform, external_id)

    async def has_written_since(self, platform: Platform, external_id: str, since: datetime) -> bool:
        return await self._access.read(_has_written_since, platform, external_id, since)

    async def told(self, platform: Platform, external_ids: Sequence[str], what: str) -> dict[str, str]:
        return await self._access.read(_told, platform, external_ids, what)


def note_told(connection: Connection, told: Iterable[Told], now: datetime) -> None:
    """Note what people are told, in the place of what they were told before of the same kind."""
    for each in told:
        put = insert_of(connection, told_once).values(
            platform=each.platform.value, external_id=each.external_id, what=each.what, mark=each.mark, told_at=now
        )
        newest = {"mark": put.excluded.mark, "told_at": put.excluded.told_at}
        connection.execute(put.on_conflict_do_update(index_elements=["platform", "external_id", "what"], set_=newest))


def forget_wishes(connection: Connection, platform: Platform, external_id: str) -> None:
    """Forget what somebody wished for and was told."""
    for table in (person_wishes, told_once):
        connection.execute(delete(table).where(*_is(table, platform, external_id)))


def forget_attendance(connection: Connection, thread: ThreadKey) -> None:
    """Forget who answered in a thread."""
    connection.execute(delete(thread_attendance).where(*_is_in(thread)))


def _attended(connection: Connection) -> list[AttendedThread]:
    rows = connection.execute(select(thread_attendance).order_by(*thread_attendance.primary_key.columns))
    return [
        AttendedThread(
            ThreadKey(Platform(row.platform), row.thread_id), Attendance(Mode(row.mode), row.until, row.since, row.by)
        )
        for row in rows
    ]


def _attend(connection: Connection, thread: ThreadKey, attendance: Attendance) -> None:
    forget_attendance(connection, thread)
    if attendance.is_echo:
        return
    row = {
        "platform": thread.platform.value,
        "thread_id": thread.thread_id,
        "mode": attendance.mode.value,
        "until": attendance.until,
        "since": attendance.since,
        "by": attendance.by,
    }
    connection.execute(insert_of(connection, thread_attendance).values(row))


def _stopped_at(connection: Connection, platform: Platform, external_id: str) -> datetime | None:
    query = select(person_wishes.c.stopped_at).where(*_is(person_wishes, platform, external_id))
    return connection.execute(query).scalar()


def _has_written_since(connection: Connection, platform: Platform, external_id: str, since: datetime) -> bool:
    is_later = (events.c.id >= least_from(since), events.c.accepted_at > since)  # the first is what has an index
    query = select(events.c.id).where(*is_later, *_is(events, platform, external_id))
    return connection.execute(query.limit(1)).first() is not None


def _told(connection: Connection, platform: Platform, external_ids: Sequence[str], what: str) -> dict[str, str]:
    is_asked = (told_once.c.platform == platform.value, told_once.c.what == what)
    query = select(told_once.c.external_id, told_once.c.mark).where(
        *is_asked, told_once.c.external_id.in_(external_ids)
    )
    return {row.external_id: row.mark for row in connection.execute(query)}


def _is(table: Table, platform: Platform, external_id: str) -> tuple[ColumnElement[bool], ...]:
    return (table.c.platform == platform.value, table.c.external_id == external_id)


def _is_in(thread: ThreadKey) -> tuple[ColumnElement[bool], ...]:
    columns = thread_attendance.c
    return (columns.platform == thread.platform.value, columns.thread_id == thread.thread_id)
