"""What platforms deliver by calling Echo, in the database."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from source.adapters.storage.contact_finding import known, recognised, whose
from source.adapters.storage.parked_table import note_written
from source.adapters.storage.sql_access import Insert, SqlAccess
from source.adapters.storage.webhook_tables import webhook_deliveries
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform
from source.ports.webhooks import Arrival, Arrived, Delivered

_KEPT = webhook_deliveries.c


class WebhookTable:
    """Implements `WebhookStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def take_in(self, platform: Platform, arrivals: Sequence[Arrival]) -> list[Arrived | None]:
        def apply(connection: Connection, now: datetime) -> list[Arrived | None]:
            arrived = [_arrived(connection, self._access.ids, platform, each, now) for each in arrivals]
            wrote = [each.wrote for each in arrived if each is not None and each.wrote is not None]
            note_written(connection, platform, wrote)
            return arrived

        return await self._access.change(apply)

    async def kept(self, platform: Platform, *, limit: int) -> list[Delivered]:
        return await self._access.read(_waiting, platform, limit)

    async def seen_to(self, numbers: Sequence[int]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(update(webhook_deliveries).where(_KEPT.id.in_(numbers)).values(payload=None))

        await self._access.change(apply)


def _arrived(
    connection: Connection, ids: IdGenerator, platform: Platform, arrival: Arrival, now: datetime
) -> Arrived | None:
    contact = recognised(connection, platform, arrival)
    if contact is None:
        if _is_of_forgotten(connection, platform, arrival):
            return None
        contact = whose(connection, ids, platform, arrival, now)
    if contact is None:
        return None
    delivery = arrival.as_kept(contact)
    values = {"platform": platform.value, "key": delivery.key, "payload": delivery.payload, "received_at": now}
    number = connection.execute(_put_once(connection.dialect.name), values).scalar()
    delivered = None if number is None else Delivered(number, delivery.payload)
    return Arrived(contact, delivery.wrote, delivered)


def _is_of_forgotten(connection: Connection, platform: Platform, arrival: Arrival) -> bool:
    """Whether it came before from somebody of whom nothing is known any more, which is not learned anew from it."""
    came = select(_KEPT.id).where(_KEPT.platform == platform.value, _KEPT.key == arrival.key)
    if connection.execute(came).first() is None:
        return False
    return known(connection, platform, [*arrival.addresses, *arrival.before]) is None


@cache
def _put_once(dialect: str) -> ReturningInsert[int]:
    put: Insert = (
        postgresql.insert(webhook_deliveries) if dialect == "postgresql" else sqlite.insert(webhook_deliveries)
    )
    return put.on_conflict_do_nothing(index_elements=["platform", "key"]).returning(_KEPT.id)


def _waiting(connection: Connection, platform: Platform, limit: int) -> list[Delivered]:
    query = select(_KEPT.id, _KEPT.payload).where(_KEPT.platform == platform.value, _KEPT.payload.is_not(None))
    return [Delivered(*row) for row in connection.execute(query.order_by(_KEPT.id).limit(limit))]
