"""What platforms deliver is kept once, until it was seen to."""

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.webhook_table import WebhookTable
from source.domain.thread import Platform
from source.ports.webhooks import Delivery

WHATSAPP = Platform.WHATSAPP


@pytest.fixture
def table(sql_store: SqlStore) -> WebhookTable:
    return WebhookTable(sql_store)


async def test_what_is_delivered_again_is_kept_once(table: WebhookTable) -> None:
    first = await table.keep(WHATSAPP, [Delivery("a", "one"), Delivery("b", "two"), Delivery("a", "one again")])
    assert [each.payload for each in first] == ["one", "two"]
    assert await table.keep(WHATSAPP, [Delivery("b", "two, with other bytes")]) == []
    assert await table.kept(WHATSAPP, limit=9) == first
    assert first[0].number < first[1].number


async def test_platforms_have_keys_of_their_own(table: WebhookTable) -> None:
    await table.keep(WHATSAPP, [Delivery("a", "one")])
    assert [each.payload for each in await table.keep(Platform.WEB, [Delivery("a", "two")])] == ["two"]
    assert [each.payload for each in await table.kept(WHATSAPP, limit=9)] == ["one"]


async def test_what_was_seen_to_is_forgotten_and_still_known(table: WebhookTable) -> None:
    kept = await table.keep(WHATSAPP, [Delivery(key, f"payload {key}") for key in "abc"])
    await table.seen_to([kept[0].number, kept[2].number])
    assert await table.kept(WHATSAPP, limit=9) == [kept[1]]
    assert await table.keep(WHATSAPP, [Delivery("a", "again")]) == []


async def test_only_so_many_are_returned_the_earliest_first(table: WebhookTable) -> None:
    kept = await table.keep(WHATSAPP, [Delivery(str(number), "x") for number in range(5)])
    assert await table.kept(WHATSAPP, limit=2) == kept[:2]
