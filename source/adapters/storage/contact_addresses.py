"""Whose an address is, and whose it was."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, String, bindparam, delete, select, union_all, update

from source.adapters.storage.identity_tables import former_addresses
from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.webhook_tables import contact_addresses
from source.domain.thread import Platform

_AT = contact_addresses.c
_FORMER = former_addresses.c
# Made once: what SQLAlchemy makes of a statement it remembers with it.
_PLATFORM: Final = bindparam("platform", type_=String)
_GIVEN: Final = bindparam("addresses", type_=String, expanding=True)
_HELD: Final = select(contact_addresses).where(_AT.platform == _PLATFORM, _AT.address.in_(_GIVEN))
_EVER_HELD: Final = union_all(
    select(_AT.address).where(_AT.platform == _PLATFORM, _AT.address.in_(_GIVEN)),
    select(_FORMER.address).where(_FORMER.platform == _PLATFORM, _FORMER.address.in_(_GIVEN)),
)
_LAST_OWNER: Final = (
    select(_FORMER.contact_id, _FORMER.until)
    .where(_FORMER.platform == _PLATFORM, _FORMER.address == bindparam("address"))
    .order_by(_FORMER.until.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Held:
    """An address that is somebody's, as was shown by what was written at `since`; None: before that was noted."""

    address: str
    contact_id: int
    since: datetime | None = None

    def is_newer_than(self, moment: datetime) -> bool:
        return self.since is not None and self.since > moment


def kind_of(address: str) -> str:
    """Return what an address is: `user`, `parent` or `phone`."""
    return address.partition(":")[0]


def is_reused(address: str) -> bool:
    """Whether somebody else may be given it one day, as numbers are."""
    return kind_of(address) == "phone"


class Addresses:
    """The addresses of a platform inside the caller's transaction."""

    def __init__(self, connection: Connection, platform: Platform) -> None:
        self._connection = connection
        self._platform = platform.value

    def held(self, addresses: Collection[str]) -> dict[str, Held]:
        """Return whose these are, of those that are anybody's."""
        given = {"platform": self._platform, "addresses": list(addresses)}
        rows = self._connection.execute(_HELD, given)
        return {row.address: Held(row.address, row.contact_id, row.since) for row in rows}

    def ever_held(self, addresses: Collection[str]) -> set[str]:
        """Return which of these are, or were, anybody's."""
        given = {"platform": self._platform, "addresses": list(addresses)}
        return set(self._connection.execute(_EVER_HELD, given).scalars()) if addresses else set()

    def of(self, contact_id: int) -> list[Held]:
        """Return everything that somebody is known by."""
        query = select(contact_addresses).where(_AT.platform == self._platform, _AT.contact_id == contact_id)
        rows = self._connection.execute(query.order_by(_AT.address))
        return [Held(row.address, row.contact_id, row.since) for row in rows]

    def former_owner(self, address: str, at: datetime) -> int | None:
        """Return whose it was at this moment, of those who have it no more."""
        query = select(_FORMER.contact_id).where(
            _FORMER.platform == self._platform, _FORMER.address == address, _FORMER.until >= at
        )
        return self._connection.execute(query.order_by(_FORMER.until).limit(1)).scalar()

    def last_owner(self, address: str) -> tuple[int, datetime] | None:
        """Return who had it last, of those who have it no more, and until when."""
        row = self._connection.execute(_LAST_OWNER, {"platform": self._platform, "address": address}).first()
        return None if row is None else (row.contact_id, row.until)

    def give(self, contact_id: int, address: str, since: datetime) -> None:
        """Have it be somebody's from now on; whose it was until then is remembered."""
        before = self.held([address]).get(address)
        if before is not None and before.contact_id == contact_id:
            return
        if before is not None:
            self.remember(before.contact_id, address, since)
        put = insert_of(self._connection, contact_addresses)
        new = {"contact_id": contact_id, "since": since}
        put = put.values(platform=self._platform, address=address, **new)
        self._connection.execute(put.on_conflict_do_update(index_elements=["platform", "address"], set_=new))

    def take_away(self, held: Iterable[Held], until: datetime) -> None:
        """Have these be nobody's; whose they were is remembered."""
        for each in held:
            this = (_AT.platform == self._platform, _AT.address == each.address, _AT.contact_id == each.contact_id)
            self._connection.execute(delete(contact_addresses).where(*this))
            self.remember(each.contact_id, each.address, until)

    def remember(self, contact_id: int, address: str, until: datetime) -> None:
        """Note that it was somebody's until then, if that is not known yet."""
        put = insert_of(self._connection, former_addresses)
        row = {"platform": self._platform, "address": address, "contact_id": contact_id, "until": until}
        self._connection.execute(put.values(row).on_conflict_do_nothing())

    def hand_over(self, gone: int, kept: int) -> None:
        """Give all addresses of one contact to another."""
        mine = (_AT.platform == self._platform, _AT.contact_id == gone)
        self._connection.execute(update(contact_addresses).where(*mine).values(contact_id=kept))
        was = (_FORMER.platform == self._platform, _FORMER.contact_id == gone)
        for row in self._connection.execute(select(_FORMER.address, _FORMER.until).where(*was)).all():
            self.remember(kept, row.address, row.until)
        self._connection.execute(delete(former_addresses).where(*was))

    def keep_one_of_each_kind(self, contact_id: int, given: Sequence[str], until: datetime) -> None:
        """Leave somebody one number and one id of each kind: what was told now, else what was told last."""
        mine = self.of(contact_id)
        mine.sort(key=lambda each: (each.address in given, each.since is not None, each.since or until), reverse=True)
        seen: set[str] = set()
        for each in mine:
            if kind_of(each.address) in seen:
                self.take_away([each], until)
            seen.add(kind_of(each.address))
