"""What is looked for elsewhere of what forgotten people said, in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from source.adapters.storage.privacy_tables import forgotten_said
from source.adapters.storage.sql_access import SqlAccess, insert_of


class SaidTable:
    """Implements `SaidStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def note_said(self, receipt_id: int, conversation_id: int, texts: Sequence[str]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            row = {"receipt_id": receipt_id, "conversation_id": conversation_id}
            known = _said(connection, receipt_id, conversation_id).get(conversation_id, ())
            values = {"texts": list(dict.fromkeys([*known, *texts]))}
            put = insert_of(connection, forgotten_said).values(**row, **values)
            connection.execute(put.on_conflict_do_update(index_elements=[*row], set_=values))

        await self._access.change(apply)

    async def said(self, receipt_id: int) -> Mapping[int, Sequence[str]]:
        return await self._access.read(_said, receipt_id)


def drop_said(connection: Connection, receipt_id: int) -> None:
    """Forget what was looked for."""
    connection.execute(delete(forgotten_said).where(forgotten_said.c.receipt_id == receipt_id))


def _said(connection: Connection, receipt_id: int, conversation_id: int | None = None) -> dict[int, list[str]]:
    query = select(forgotten_said).where(forgotten_said.c.receipt_id == receipt_id)
    if conversation_id is not None:
        query = query.where(forgotten_said.c.conversation_id == conversation_id)
    rows = connection.execute(query.order_by(forgotten_said.c.conversation_id))
    return {row.conversation_id: list(row.texts) for row in rows}
