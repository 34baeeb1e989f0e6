"""Marks of recurring jobs in memory."""

import asyncio
from collections.abc import Mapping
from datetime import datetime


class InMemoryMarks:
    """Implements `ScheduleStore`."""

    def __init__(self) -> None:
        self.kept: dict[str, datetime] = {}

    async def marks(self) -> Mapping[str, datetime]:
        await asyncio.sleep(0)
        return dict(self.kept)

    async def note(self, job_id: str, tick: datetime) -> None:
        await asyncio.sleep(0)
        self.kept[job_id] = tick
