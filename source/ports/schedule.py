"""How far schedules have been looked at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class ScheduleStore(Protocol):
    """One mark for each recurring job.

    Raises: StoreError.
    """

    async def marks(self) -> Mapping[str, datetime]:
        """Return by job the last tick that was looked at."""
        ...

    async def note(self, job_id: str, tick: datetime) -> None:
        """Note that this tick, and all before it, were looked at."""
        ...
