"""Whom the things of a batch concern, found out with a few statements for all of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import Connection, String, bindparam, insert, select
from sqlalchemy.sql.dml import ReturningInsert

from source.adapters.storage.contact_addresses import Addresses, kind_of
from source.adapters.storage.contact_finding import Recognised, certain_of, known, tells_who, whose
from source.adapters.storage.sql_access import insert_for
from source.adapters.storage.webhook_tables import contact_addresses, contacts, webhook_deliveries
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform
from source.ports.webhooks import Arrival, Contact

_KEPT = webhook_deliveries.c
# Made once: what SQLAlchemy makes of a statement it remembers with it.
_CAME: Final = select(_KEPT.key).where(
    _KEPT.platform == bindparam("platform", type_=String), _KEPT.key.in_(bindparam("keys", expanding=True))
)


class Company:
    """Whom arrivals concern, asked in their order: most are of people of whom nothing is new, or who are new."""

    def __init__(
        self, connection: Connection, ids: IdGenerator, platform: Platform, arrivals: Sequence[Arrival], now: datetime
    ) -> None:
        self._connection = connection
        self._ids = ids
        self._platform = platform
        self._now = now
        self._newcomers: list[tuple[Contact, datetime]] = []
        self._recognised = Recognised.among(connection, platform, arrivals)
        strangers = [each for each in arrivals if tells_who(each) and self._recognised.of(each) is None]
        self._taken = Addresses(connection, platform).ever_held({a for each in strangers for a in each.addresses})
        self._came = self._that_came([each.key for each in strangers])

    def contact_of(self, arrival: Arrival) -> Contact | None:
        """Return whom it concerns; None: nobody who is known, or not any more."""
        return self._recognised.of(arrival) or self._newcomer(arrival) or self._found_out(arrival)

    def settle(self) -> None:
        """Write down who is new."""
        newcomers, self._newcomers = self._newcomers, []
        if not newcomers:
            return
        platform = self._platform.value
        rows = [{"id": each.contact_id, "platform": platform, "name": each.name} for each, _ in newcomers]
        self._connection.execute(insert(contacts).returning(contacts.c.id), rows)  # so it takes all rows at once
        places = [
            {"platform": platform, "address": address, "contact_id": each.contact_id, "since": since}
            for each, since in newcomers
            for address in each.addresses
        ]
        # In one order: two processes that meet the same people at once must not wait for each other.
        places.sort(key=lambda place: str(place["address"]))
        self._connection.execute(_give(self._connection.dialect.name), places)

    def _newcomer(self, arrival: Arrival) -> Contact | None:
        """Return somebody of whom nothing has ever been known."""
        given = arrival.addresses
        is_new = tells_who(arrival) and certain_of(given) is not None and self._taken.isdisjoint(given)
        if not is_new or arrival.key in self._came or len({kind_of(each) for each in given}) < len(given):
            return None
        contact = Contact(self._ids.next(self._now), tuple(sorted(given)), arrival.name)
        self._newcomers.append((contact, arrival.at))
        self._learn(contact, given)
        return contact

    def _found_out(self, arrival: Arrival) -> Contact | None:
        """Return whom it concerns, which may change what is known of others too."""
        self.settle()
        if self._is_of_forgotten(arrival):
            return None
        contact = whose(self._connection, self._ids, self._platform, arrival, self._now)
        if contact is not None:
            self._learn(contact, [*arrival.addresses, *arrival.before])
        return contact

    def _learn(self, contact: Contact, given: Iterable[str]) -> None:
        self._taken |= {*given, *contact.addresses}
        self._recognised.learn(contact, given)

    def _is_of_forgotten(self, arrival: Arrival) -> bool:
        """Whether it came before from somebody of whom nothing is known any more, which is not learned anew from it."""
        if not self._that_came([arrival.key]):
            return False
        return known(self._connection, self._platform, [*arrival.addresses, *arrival.before]) is None

    def _that_came(self, keys: Sequence[str]) -> set[str]:
        given = {"platform": self._platform.value, "keys": list(keys)}
        return set(self._connection.execute(_CAME, given).scalars()) if keys else set()


@cache
def _give(dialect: str) -> ReturningInsert[str]:
    """Return what has addresses be somebody's, also if another process has just met them."""
    put = insert_for(dialect, contact_addresses)
    whose = {"contact_id": put.excluded.contact_id, "since": put.excluded.since}
    put = put.on_conflict_do_update(index_elements=["platform", "address"], set_=whose)
    return put.returning(contact_addresses.c.address)
