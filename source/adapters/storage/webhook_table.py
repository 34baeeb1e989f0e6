"""What platforms deliver by calling Echo, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from source.adapters.storage.sql_access import OperationAccess
from source.adapters.storage.webhook_tables import webhook_deliveries
from source.adapters.storage.write_operations import PatientChange, TakeIn
from source.domain.thread import Platform
from source.ports.webhooks import Arrival, Arrived, Delivered

_KEPT = webhook_deliveries.c
_SEEN_TO: Final = (
    update(webhook_deliveries).where(_KEPT.id.in_(bindparam("numbers", expanding=True))).values(payload=None)
)
_AT_ONCE: Final = 500


class WebhookTable:
    """Implements `WebhookStore`."""

    def __init__(self, access: OperationAccess) -> None:
        self._access = access

    async def take_in(self, platform: Platform, arrivals: Sequence[Arrival]) -> list[Arrived | None]:
        return await self._access.write(TakeIn(platform, tuple(arrivals)))

    async def kept(self, platform: Platform, *, limit: int, after: int = 0) -> list[Delivered]:
        return await self._access.read(_waiting, platform, limit, after)

    async def seen_to(self, numbers: Sequence[int]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            for start in range(0, len(numbers), _AT_ONCE):
                connection.execute(_SEEN_TO, {"numbers": list(numbers[start : start + _AT_ONCE])})

        await self._access.write(PatientChange(apply))


def _waiting(connection: Connection, platform: Platform, limit: int, after: int) -> list[Delivered]:
    query = select(_KEPT.id, _KEPT.payload).where(_KEPT.platform == platform.value, _KEPT.payload.is_not(None))
    return [
        Delivered(*row) for row in connection.execute(query.where(_KEPT.id > after).order_by(_KEPT.id).limit(limit))
    ]
