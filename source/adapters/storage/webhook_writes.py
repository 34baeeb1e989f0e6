"""What webhooks deliver, inside the caller's transaction: a few statements for all of it."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.sql.dml import ReturningInsert

from source.adapters.storage.contact_arrivals import Company
from source.adapters.storage.parked_table import note_written
from source.adapters.storage.sql_access import insert_for
from source.adapters.storage.webhook_tables import webhook_deliveries
from source.adapters.storage.write_operations import TakeIn
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform
from source.ports.webhooks import Arrival, Arrived, Delivered, Delivery

_KEPT = webhook_deliveries.c
_AT_ONCE: Final = 500


def take_in(
    connection: Connection, ids: IdGenerator, taken: Sequence[TakeIn], now: datetime
) -> list[list[Arrived | None]]:
    """Keep what is new of several webhooks; return what became of the arrivals of each."""
    arrived: dict[Platform, list[Arrived | None]] = {}
    for platform in {each.platform for each in taken}:
        arrivals = [arrival for each in taken if each.platform is platform for arrival in each.arrivals]
        steps = (arrivals[start : start + _AT_ONCE] for start in range(0, len(arrivals), _AT_ONCE))
        arrived[platform] = [each for some in steps for each in _arrived(connection, ids, platform, some, now)]
    in_order = {platform: iter(several) for platform, several in arrived.items()}
    return [[next(in_order[each.platform]) for _ in each.arrivals] for each in taken]


def _arrived(
    connection: Connection, ids: IdGenerator, platform: Platform, arrivals: Sequence[Arrival], now: datetime
) -> list[Arrived | None]:
    company = Company(connection, ids, platform, arrivals, now)
    contacts = [company.contact_of(each) for each in arrivals]
    company.settle()
    deliveries = [
        None if contact is None else arrival.as_kept(contact)
        for arrival, contact in zip(arrivals, contacts, strict=True)
    ]
    kept = [each for each in deliveries if each is not None]
    numbers = _put(connection, platform, kept, now)
    note_written(connection, platform, [each.wrote for each in kept if each.wrote is not None])
    return [
        None
        if contact is None or delivery is None
        else Arrived(contact, delivery.wrote, _delivered(delivery, numbers.pop(delivery.key, None)))
        for contact, delivery in zip(contacts, deliveries, strict=True)
    ]


def _put(connection: Connection, platform: Platform, deliveries: Sequence[Delivery], now: datetime) -> dict[str, int]:
    """Keep what is new; return its numbers by its keys."""
    rows = [
        {"platform": platform.value, "key": each.key, "payload": each.payload, "received_at": now}
        for each in deliveries
    ]
    if not rows:
        return {}
    return {row.key: row.id for row in connection.execute(_put_once(connection.dialect.name), rows)}


def _delivered(delivery: Delivery, number: int | None) -> Delivered | None:
    return None if number is None else Delivered(number, delivery.payload)


@cache
def _put_once(dialect: str) -> ReturningInsert[int, str]:
    put = insert_for(dialect, webhook_deliveries).on_conflict_do_nothing(index_elements=["platform", "key"])
    return put.returning(_KEPT.id, _KEPT.key)
