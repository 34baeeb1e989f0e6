"""How far each sent message has come, in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from source.adapters.storage import status_writes
from source.adapters.storage.sql_access import OperationAccess
from source.adapters.storage.write_operations import UrgentChange
from source.domain.thread import Platform
from source.ports.sent import Followed, Status, Told


class StatusTable:
    """Implements `StatusStore`."""

    def __init__(self, access: OperationAccess) -> None:
        self._access = access

    async def tell(self, platform: Platform, statuses: Sequence[Status]) -> Told:
        def apply(connection: Connection, now: datetime) -> Told:
            return status_writes.tell(connection, platform, statuses, now)

        return await self._access.write(UrgentChange(apply)) if statuses else Told()

    async def give_up(self, platform: Platform, *, silent_since: datetime) -> tuple[Followed, ...]:
        def apply(connection: Connection, now: datetime) -> tuple[Followed, ...]:
            return status_writes.give_up(connection, platform, silent_since, now)

        is_silent = await self._access.read(status_writes.is_silent, platform, silent_since)
        return await self._access.change(apply) if is_silent else ()
