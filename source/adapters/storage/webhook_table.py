"""What platforms deliver by calling Echo, in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from source.adapters.storage.parked_table import note_written
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.webhook_tables import webhook_deliveries
from source.domain.thread import Platform
from source.ports.webhooks import Delivered, Delivery

_KEPT = webhook_deliveries.c


class WebhookTable:
    """Implements `WebhookStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def keep(self, platform: Platform, deliveries: Sequence[Delivery]) -> list[Delivered]:
        def apply(connection: Connection, now: datetime) -> list[Delivered]:
            note_written(connection, platform, [each.wrote for each in deliveries if each.wrote is not None])
            return [each for each in (_kept(connection, platform, one, now) for one in deliveries) if each is not None]

        return await self._access.change(apply)

    async def kept(self, platform: Platform, *, limit: int) -> list[Delivered]:
        return await self._access.read(_waiting, platform, limit)

    async def seen_to(self, numbers: Sequence[int]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(update(webhook_deliveries).where(_KEPT.id.in_(numbers)).values(payload=None))

        await self._access.change(apply)


def _kept(connection: Connection, platform: Platform, delivery: Delivery, now: datetime) -> Delivered | None:
    values = {"platform": platform.value, "key": delivery.key, "payload": delivery.payload, "received_at": now}
    put = insert_of(connection, webhook_deliveries).values(values)
    once = put.on_conflict_do_nothing(index_elements=["platform", "key"]).returning(_KEPT.id)
    number = connection.execute(once).scalar()
    return None if number is None else Delivered(number, delivery.payload)


def _waiting(connection: Connection, platform: Platform, limit: int) -> list[Delivered]:
    query = select(_KEPT.id, _KEPT.payload).where(_KEPT.platform == platform.value, _KEPT.payload.is_not(None))
    return [Delivered(*row) for row in connection.execute(query.order_by(_KEPT.id).limit(limit))]
