"""Who somebody is who has these addresses, inside the caller's transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
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
    select(_ONE.c.address.label("given"), contacts.c.id, contacts.c.name, _ALL.c.address)
    .join(_ONE, _ONE.c.contact_id == contacts.c.id)
    .join(_ALL, _ALL.c.contact_id == contacts.c.id)
    .where(_ONE.c.platform == bindparam("platform"), _ONE.c.address.in_(bindparam("addresses", expanding=True)))
    .where(_ALL.c.platform == bindparam("platform"))
    .order_by(_ALL.c.address)
)


class Recognised:
    """Whom several things concern of whom they tell nothing new: who has all of the addresses and is called so already.

    One of the addresses has to be one that is never anybody else's.
    """

    def __init__(self, connection: Connection, platform: Platform, addresses: Collection[str]) -> None:
        self._contacts: dict[str, Contact] = {}
        given = {"platform": platform.value, "addresses": list(addresses)}
        for row in connection.execute(_EVERYTHING_KNOWN, given) if addresses else ():
            known = self._contacts.get(row.given) or Contact(row.id, (), row.name)
            self._contacts[row.given] = replace(known, addresses=(*known.addresses, row.address))

    @classmethod
    def among(cls, connection: Connection, platform: Platform, arrivals: Sequence[Arrival]) -> "Recognised":
        """Return whom these arrivals concern, as far as that takes no more to find out."""
        certain = {certain_of(each.addresses) for each in arrivals if tells_who(each)}
        return cls(connection, platform, [each for each in certain if each is not None])

    def learn(self, contact: Contact, given: Iterable[str]) -> None:
        """Somebody turned out to be who has these addresses: nobody else has them any more."""
        gone, theirs = {contact.contact_id, *contact.absorbed}, {*given, *contact.addresses}
        changed = [
            address
            for address, each in self._contacts.items()
            if each.contact_id in gone or not theirs.isdisjoint(each.addresses)
        ]
        for address in changed:
            del self._contacts[address]
        now = replace(contact, absorbed=())
        self._contacts.update({address: now for address in contact.addresses if not is_reused(address)})

    def of(self, arrival: Arrival) -> Contact | None:
        return self.who(arrival.addresses, arrival.name) if tells_who(arrival) else None

    def who(self, addresses: Sequence[str], name: str | None) -> Contact | None:
        known = self._contacts.get(certain_of(addresses) or "")
        if known is None or not set(addresses).issubset(known.addresses) or name not in (None, known.name):
            return None
        return known


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
    certain = certain_of(addresses)
    present = Recognised(connection, platform, [certain]).who(addresses, name) if certain else None
    return present or Meeting(connection, ids, platform, now).met(addresses, name, at)


def whose(
    connection: Connection, ids: IdGenerator, platform: Platform, arrival: Arrival, now: datetime
) -> Contact | None:
    """Return whom something concerns that was not recognised; None: somebody who is not known, and need not be."""
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


def certain_of(given: Sequence[str]) -> str | None:
    """Return the first of these addresses that is never anybody else's."""
    return next((address for address in given if not is_reused(address)), None)


def tells_who(arrival: Arrival) -> bool:
    """Whether it tells who wrote it and no more."""
    return not (arrival.is_of_known or arrival.before)
