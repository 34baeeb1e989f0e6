"""What a platform delivers, kept as from somebody of whom nothing is asked."""

from collections.abc import Sequence
from datetime import UTC, datetime

from source.adapters.storage.webhook_table import WebhookTable
from source.domain.thread import Platform
from source.ports.webhooks import Arrival, Delivered, Delivery

_SOMEBODY = ("user:DE.Somebody",)
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def delivered(table: WebhookTable, platform: Platform, deliveries: Sequence[Delivery]) -> list[Delivered]:
    """Have deliveries arrive together; return those that are new."""
    arrivals = [Arrival(each.key, _SOMEBODY, None, _AT, lambda _, each=each: each) for each in deliveries]  # type: ignore[misc]
    arrived = await table.take_in(platform, arrivals)
    return [each.delivered for each in arrived if each is not None and each.delivered is not None]
