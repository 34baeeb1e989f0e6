"""People of a platform that names the same person in several ways, in the database."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select, update

from source.adapters.storage.contact_finding import contact_of, known, met
from source.adapters.storage.contact_meeting import Meeting
from source.adapters.storage.contact_merge import move_everything
from source.adapters.storage.identity_tables import merged_contacts
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.webhook_tables import contacts
from source.domain.thread import Platform
from source.ports.webhooks import Contact, Merge

_MERGED = merged_contacts.c


class ContactTable:
    """Implements `ContactStore` and `MergeStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def met(
        self, platform: Platform, addresses: Sequence[str], name: str | None, *, at: datetime | None = None
    ) -> Contact:
        def apply(connection: Connection, now: datetime) -> Contact:
            return met(connection, self._access.ids, platform, addresses, name, at=at or now, now=now)

        return await self._access.change(apply)

    async def moved(self, platform: Platform, before: Sequence[str], after: Sequence[str], at: datetime) -> Contact:
        def apply(connection: Connection, now: datetime) -> Contact:
            return Meeting(connection, self._access.ids, platform, now).moved(before, after, at)

        return await self._access.change(apply)

    async def known(self, platform: Platform, addresses: Sequence[str]) -> Contact | None:
        return await self._access.read(known, platform, addresses)

    async def contact(self, platform: Platform, contact_id: int) -> Contact | None:
        return await self._access.read(contact_of, platform, contact_id)

    async def suggest_name(self, contact_id: int, name: str) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            nameless = (contacts.c.id == contact_id, contacts.c.name.is_(None))
            connection.execute(update(contacts).where(*nameless).values(name=name))

        await self._access.change(apply)

    async def merges(self, platform: Platform) -> list[Merge]:
        return await self._access.read(_merges, platform)

    async def unsettled(self, platform: Platform) -> list[Merge]:
        return await self._access.read(_merges, platform, only_unsettled=True)

    async def move(self, platform: Platform, merge: Merge) -> list[int]:
        return await self._access.change(partial(move_everything, platform, merge, self._access.ids))

    async def settle(self, merge: Merge) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            connection.execute(update(merged_contacts).where(_MERGED.gone == merge.gone).values(settled_at=now))

        await self._access.change(apply)


def _merges(connection: Connection, platform: Platform, *, only_unsettled: bool = False) -> list[Merge]:
    query = select(_MERGED.gone, _MERGED.kept).where(_MERGED.platform == platform.value).order_by(_MERGED.gone)
    if only_unsettled:
        query = query.where(_MERGED.settled_at.is_(None))
    return [Merge(row.gone, row.kept) for row in connection.execute(query)]
