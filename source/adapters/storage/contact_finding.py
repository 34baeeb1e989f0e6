"""Who somebody is who has these addresses, inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from source.adapters.storage.contact_addresses import Addresses, is_reused
from source.adapters.storage.contact_meeting import Meeting
from source.adapters.storage.contact_merge import who_it_is_now
from source.adapters.storage.webhook_tables import contact_addresses, contacts
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform
from source.ports.webhooks import Arrival, Contact

_ONE: Final = contact_addresses.alias()
_ALL: Final = contact_addresses.alias()
# Made once: what SQLAlchemy makes of a statement it remembers with it.
_EVERYTHING_KNOWN: Final = (
    select(contacts.c.id, contacts.c.name, _ALL.c.address)
    .join(_ONE, _ONE.c.contact_id == contacts.c.id)
    .join(_ALL, _ALL.c.contact_id == contacts.c.id)
    .where(_ONE.c.platform == bindparam("platform"), _ONE.c.address == bindparam("address"))
    .where(_ALL.c.platform == bindparam("platform"))
    .order_by(_ALL.c.address)
)


def met(
    connection: Connection,
    ids: IdGenerator,
    platform: Platform,
    addresses: Sequence[str],
    name: str | None,
    *,
    at: datetime,
    now: datetime,
) -> Contact:
    """As `ContactStore.met`; of whom nothing is new, one statement tells all."""
    present = _who_has(connection, platform, addresses, name)
    return present or Meeting(connection, ids, platform, now).met(addresses, name, at)


def recognised(connection: Connection, platform: Platform, arrival: Arrival) -> Contact | None:
    """Return whom something concerns of whom it tells nothing new; None: that takes more to find out."""
    if arrival.is_of_known or arrival.before:
        return None
    return _who_has(connection, platform, arrival.addresses, arrival.name)


def whose(
    connection: Connection, ids: IdGenerator, platform: Platform, arrival: Arrival, now: datetime
) -> Contact | None:
    """Return whom something concerns that was not `recognised`; None: somebody who is not known, and need not be."""
    if arrival.is_of_known:
        return known(connection, platform, arrival.addresses)
    if arrival.before:
        return Meeting(connection, ids, platform, now).moved(arrival.before, arrival.addresses, arrival.at)
    return Meeting(connection, ids, platform, now).met(arrival.addresses, arrival.name, arrival.at)


def known(connection: Connection, platform: Platform, addresses: Sequence[str]) -> Contact | None:
    """As `ContactStore.known`."""
    held = Addresses(connection, platform).held(addresses)
    found = next((held[each].contact_id for each in addresses if each in held), None)
    return None if found is None else contact_of(connection, platform, found)


def contact_of(connection: Connection, platform: Platform, contact_id: int) -> Contact | None:
    """As `ContactStore.contact`."""
    now = who_it_is_now(connection, contact_id)
    row = connection.execute(select(contacts.c.name).where(contacts.c.id == now)).first()
    if row is None:
        return None
    return Contact(now, tuple(each.address for each in Addresses(connection, platform).of(now)), row.name)


def _who_has(connection: Connection, platform: Platform, given: Sequence[str], name: str | None) -> Contact | None:
    """Return who has all of these addresses, among them one that is never anybody else's, and is called so already."""
    certain = next((address for address in given if not is_reused(address)), None)
    if certain is None:
        return None
    rows = connection.execute(_EVERYTHING_KNOWN, {"platform": platform.value, "address": certain}).all()
    addresses = tuple(row.address for row in rows)
    if not addresses or not set(given).issubset(addresses) or name not in (None, rows[0].name):
        return None
    return Contact(rows[0].id, addresses, rows[0].name)
