"""Making, changing, counting and deleting user summaries."""

from collections.abc import Mapping, Sequence

from source.domain.identifiers import IdGenerator
from source.ports.clock import Clock
from source.ports.records import RecordStore, SummaryWrite, Written

Values = Mapping[str, object]


class SummaryKeeping:
    """What programs do with user summaries; what can be counted is counted as it happens, never given."""

    def __init__(self, records: RecordStore, ids: IdGenerator, clock: Clock) -> None:
        self._records = records
        self._ids = ids
        self._clock = clock

    async def create(self, items: Sequence[Values], *, partial: bool) -> list[Written]:
        """Make summaries of users that have none yet."""
        now = self._clock.now()
        writes = [
            SummaryWrite(
                self._ids.next(now),
                str(item["user_id"]),
                {name: value for name, value in item.items() if name != "user_id"},
            )
            for item in items
        ]
        return await self._records.write(writes, partial=partial)

    async def change(
        self, keys: Sequence[int], changes: Values, *, partial: bool, version: int | None = None
    ) -> list[Written]:
        """Change summaries alike; without changes they are counted anew."""
        writes = [SummaryWrite(key, facts=changes, version=version) for key in keys]
        return await self._records.write(writes, partial=partial)

    async def delete(self, keys: Sequence[int], *, partial: bool, version: int | None = None) -> list[Written]:
        """Delete summaries; their users' conversations stay."""
        writes = [SummaryWrite(key, version=version, is_deleted=True) for key in keys]
        return await self._records.write(writes, partial=partial)
