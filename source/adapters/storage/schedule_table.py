"""The marks of recurring jobs."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from source.adapters.storage.operation_tables import schedule_marks
from source.adapters.storage.sql_access import SqlAccess, insert_of


class ScheduleTable:
    """Implements `ScheduleStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def marks(self) -> Mapping[str, datetime]:
        return await self._access.read(_marks)

    async def note(self, job_id: str, tick: datetime) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            put = insert_of(connection, schedule_marks).values(id=job_id, last_tick=tick)
            connection.execute(put.on_conflict_do_update(index_elements=["id"], set_={"last_tick": tick}))

        await self._access.change(apply)


def _marks(connection: Connection) -> dict[str, datetime]:
    return {row.id: row.last_tick for row in connection.execute(select(schedule_marks))}
