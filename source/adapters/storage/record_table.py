"""Sessions, messages and user summaries in the database, as programs read and write them."""

from collections.abc import Sequence, Set
from datetime import datetime

from sqlalchemy import Connection

from source.adapters.storage import record_reading
from source.adapters.storage.record_writes import RecordWrites
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.statements import Statements
from source.domain.filters import Condition, Record
from source.domain.records import Collection
from source.domain.thread import ThreadRef
from source.ports.records import RecordQuery, RecordWrite, Speaker, Written


class RecordTable:
    """Implements RecordStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access
        self._writes: RecordWrites | None = None

    async def find(self, query: RecordQuery) -> list[Record]:
        return await self._access.read(record_reading.find, query)

    async def count(self, collection: Collection, where: Condition) -> int:
        return await self._access.read(record_reading.count, collection, where)

    async def keys(self, collection: Collection, where: Condition, *, limit: int) -> list[int]:
        return await self._access.read(record_reading.keys, collection, where, limit)

    async def read(self, collection: Collection, keys: Sequence[int]) -> dict[int, Record]:
        return await self._access.read(record_reading.read, collection, keys)

    async def threads_of(self, conversation_ids: Sequence[int]) -> dict[int, ThreadRef]:
        return await self._access.read(record_reading.threads_of, conversation_ids)

    async def names_of(self, accounts: Set[Speaker]) -> dict[Speaker, str]:
        return await self._access.read(record_reading.names_of, accounts)

    async def write(self, writes: Sequence[RecordWrite], *, partial: bool = False) -> list[Written]:
        def apply(connection: Connection, now: datetime) -> list[Written]:
            if self._writes is None:
                self._writes = RecordWrites(Statements(connection.dialect), self._access.ids)
            return self._writes.apply(connection, now, writes, partial=partial)

        return await self._access.change(apply)
