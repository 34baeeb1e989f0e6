"""What people changed of messages that have not arrived, in the database."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from source.adapters.storage.identity_tables import early_corrections, former_addresses
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.domain.thread import Platform
from source.ports.early import EarlyCorrection

_EARLY = early_corrections.c


class EarlyTable:
    """Implements `EarlyCorrectionStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def early(self, platform: Platform) -> list[EarlyCorrection]:
        return await self._access.read(_early, platform)

    async def put_early(self, platform: Platform, correction: EarlyCorrection) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            values = {"contact_id": correction.contact_id, "text": correction.text, "at": correction.at, "kept_at": now}
            put = insert_of(connection, early_corrections)
            put = put.values(platform=platform.value, corrects=correction.corrects, **values)
            connection.execute(put.on_conflict_do_update(index_elements=["platform", "corrects"], set_=values))

        await self._access.change(apply)


def forget_what_cannot_come(connection: Connection, before: datetime) -> None:
    """Forget what was kept for messages of which none is delivered any more that was written before then."""
    connection.execute(delete(early_corrections).where(_EARLY.kept_at < before))
    connection.execute(delete(former_addresses).where(former_addresses.c.until < before))


def _early(connection: Connection, platform: Platform) -> list[EarlyCorrection]:
    rows = connection.execute(select(early_corrections).where(_EARLY.platform == platform.value))
    return [EarlyCorrection(row.corrects, row.contact_id, row.text, row.at) for row in rows]
