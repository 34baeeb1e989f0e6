"""People of a platform that names the same person in several ways, in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.webhook_tables import contact_addresses, contacts
from source.domain.thread import Platform
from source.ports.webhooks import Contact

_AT = contact_addresses.c


class ContactTable:
    """Implements `ContactStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def met(self, platform: Platform, addresses: Sequence[str], name: str | None) -> Contact:
        def apply(connection: Connection, now: datetime) -> Contact:
            contact_id = _owner(connection, platform, addresses) or self._access.ids.next(now)
            return _met(connection, platform, Contact(contact_id, tuple(addresses), name))

        return await self._access.change(apply)

    async def contact(self, platform: Platform, contact_id: int) -> Contact | None:
        return await self._access.read(_contact, platform, contact_id)


def _owner(connection: Connection, platform: Platform, addresses: Sequence[str]) -> int | None:
    """Return who has one of the addresses; of several people whoever has the first, which tells the most."""
    query = select(_AT.address, _AT.contact_id).where(_AT.platform == platform.value, _AT.address.in_(addresses))
    known = {row.address: row.contact_id for row in connection.execute(query)}
    return next((known[each] for each in addresses if each in known), None)


def _met(connection: Connection, platform: Platform, met: Contact) -> Contact:
    put = insert_of(connection, contacts).values(id=met.contact_id, platform=platform.value, name=met.name)
    name = func.coalesce(put.excluded.name, contacts.c.name)
    connection.execute(put.on_conflict_do_update(index_elements=["id"], set_={"name": name}))
    for address in met.addresses:
        _give(connection, platform, address, met.contact_id)
    return _contact(connection, platform, met.contact_id) or met


def _give(connection: Connection, platform: Platform, address: str, contact_id: int) -> None:
    put = insert_of(connection, contact_addresses)
    put = put.values(platform=platform.value, address=address, contact_id=contact_id)
    taken = put.on_conflict_do_update(index_elements=["platform", "address"], set_={"contact_id": contact_id})
    connection.execute(taken)


def _contact(connection: Connection, platform: Platform, contact_id: int) -> Contact | None:
    row = connection.execute(select(contacts.c.name).where(contacts.c.id == contact_id)).first()
    if row is None:
        return None
    query = select(_AT.address).where(_AT.platform == platform.value, _AT.contact_id == contact_id)
    return Contact(contact_id, tuple(connection.execute(query.order_by(_AT.address)).scalars()), row.name)
