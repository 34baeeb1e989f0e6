"""Who answers where, and what people wish, in memory."""

import asyncio
from datetime import datetime

from source.domain.attendance import Attendance, AttendedThread
from source.domain.errors import StoreUnavailableError
from source.domain.thread import Platform, ThreadKey
from source.ports.clock import Clock


class InMemoryAttendance:
    """Implements `AttendanceStore` and `WishStore`; `is_away`: nothing can be written."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rows: dict[ThreadKey, Attendance] = {}
        self.stopped: dict[tuple[Platform, str], datetime] = {}
        self.wrote: dict[tuple[Platform, str], datetime] = {}
        self.is_away = False

    async def attended(self) -> list[AttendedThread]:
        await asyncio.sleep(0)
        return [AttendedThread(thread, attendance) for thread, attendance in sorted(self.rows.items())]

    async def attend(self, thread: ThreadKey, attendance: Attendance) -> None:
        await self._write()
        self.rows.pop(thread, None)
        if not attendance.is_echo:
            self.rows[thread] = attendance

    async def stop(self, platform: Platform, external_id: str) -> None:
        await self._write()
        self.stopped.setdefault((platform, external_id), self._clock.now())

    async def start(self, platform: Platform, external_id: str) -> None:
        await self._write()
        self.stopped.pop((platform, external_id), None)

    async def stopped_at(self, platform: Platform, external_id: str) -> datetime | None:
        await asyncio.sleep(0)
        return self.stopped.get((platform, external_id))

    async def has_written_since(self, platform: Platform, external_id: str, since: datetime) -> bool:
        await asyncio.sleep(0)
        last = self.wrote.get((platform, external_id))
        return last is not None and last > since

    async def _write(self) -> None:
        await asyncio.sleep(0)
        if self.is_away:
            raise StoreUnavailableError("the store is away")
