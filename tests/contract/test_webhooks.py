"""What platforms deliver is kept once, until it was seen to."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.identity_tables import former_addresses
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.webhook_table import WebhookTable
from source.adapters.storage.webhook_tables import contact_addresses
from source.domain.thread import Platform
from source.ports.webhooks import Arrival, Arrived, Contact, Delivery, Wrote
from tests.fakes.arrivals import delivered

WHATSAPP = Platform.WHATSAPP
USER, PHONE = "user:DE.Ab1", "phone:4915112345678"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def table(sql_store: SqlStore) -> WebhookTable:
    return WebhookTable(sql_store)


async def test_what_is_delivered_again_is_kept_once(table: WebhookTable) -> None:
    first = await delivered(table, WHATSAPP, [Delivery("a", "one"), Delivery("b", "two"), Delivery("a", "one again")])
    assert [each.payload for each in first] == ["one", "two"]
    assert await delivered(table, WHATSAPP, [Delivery("b", "two, with other bytes")]) == []
    assert await table.kept(WHATSAPP, limit=9) == first
    assert first[0].number < first[1].number


async def test_platforms_have_keys_of_their_own(table: WebhookTable) -> None:
    await delivered(table, WHATSAPP, [Delivery("a", "one")])
    assert [each.payload for each in await delivered(table, Platform.WEB, [Delivery("a", "two")])] == ["two"]
    assert [each.payload for each in await table.kept(WHATSAPP, limit=9)] == ["one"]


async def test_what_was_seen_to_is_forgotten_and_still_known(table: WebhookTable) -> None:
    new = await delivered(table, WHATSAPP, [Delivery(key, f"payload {key}") for key in "abc"])
    await table.seen_to([new[0].number, new[2].number])
    assert await table.kept(WHATSAPP, limit=9) == [new[1]]
    assert await delivered(table, WHATSAPP, [Delivery("a", "again")]) == []


async def test_only_so_many_are_returned_the_earliest_first(table: WebhookTable) -> None:
    new = await delivered(table, WHATSAPP, [Delivery(str(number), "x") for number in range(5)])
    assert await table.kept(WHATSAPP, limit=2) == new[:2]


def _arrival(key: str, *addresses: str, name: str | None = None, at: datetime = NOW, **more: Any) -> Arrival:
    def as_kept(contact: Contact) -> Delivery:
        return Delivery(key, f"{key} of {contact.contact_id}", Wrote(contact.contact_id, at))

    return Arrival(key, addresses, name, at, as_kept, **more)


async def _taken_in(table: WebhookTable, *arrivals: Arrival) -> list[Arrived]:
    taken = await table.take_in(WHATSAPP, arrivals)
    assert None not in taken
    return [each for each in taken if each is not None]


async def test_what_comes_together_is_kept_as_of_the_same_new_person(table: WebhookTable) -> None:
    first, second = await _taken_in(table, _arrival("a", USER, PHONE, name="Ada"), _arrival("b", USER))
    assert first.contact == second.contact == Contact(first.contact.contact_id, (PHONE, USER), "Ada")
    assert second.wrote == Wrote(first.contact.contact_id, NOW)
    assert [each.payload for each in await table.kept(WHATSAPP, limit=9)] == [
        f"a of {first.contact.contact_id}",
        f"b of {first.contact.contact_id}",
    ]


async def test_a_repeat_is_of_the_same_person_and_not_kept_again(table: WebhookTable) -> None:
    (first,) = await _taken_in(table, _arrival("a", USER, PHONE, name="Ada"))
    (again,) = await _taken_in(table, _arrival("a", USER, PHONE))
    assert first.delivered is not None
    assert again == Arrived(first.contact, first.wrote, None)


async def test_a_repeat_of_somebody_who_was_forgotten_tells_nothing_of_them(
    table: WebhookTable, sql_store: SqlStore
) -> None:
    await _taken_in(table, _arrival("a", USER, PHONE), _arrival("b", "user:DE.New", before=(USER, PHONE)))

    def forget(connection: Connection, _now: datetime) -> None:
        connection.execute(delete(contact_addresses))
        connection.execute(delete(former_addresses))

    await sql_store.change(forget)
    assert (
        await table.take_in(WHATSAPP, [_arrival("a", USER, PHONE), _arrival("b", USER, before=(PHONE,))]) == [None] * 2
    )
    assert await ContactTable(sql_store).known(WHATSAPP, [USER, PHONE]) is None
    (new,) = await _taken_in(table, _arrival("c", USER, PHONE))
    assert new.delivered is not None


async def test_what_is_new_about_somebody_known_is_noted(table: WebhookTable, sql_store: SqlStore) -> None:
    (before,) = await _taken_in(table, _arrival("a", USER, name="Ada"))
    (after,) = await _taken_in(table, _arrival("b", USER, PHONE, name="Ada L."))
    assert after.contact == Contact(before.contact.contact_id, (PHONE, USER), "Ada L.")
    assert await ContactTable(sql_store).contact(WHATSAPP, before.contact.contact_id) == after.contact


async def test_a_number_alone_may_be_somebody_elses_by_now(table: WebhookTable) -> None:
    (ada,) = await _taken_in(table, _arrival("a", USER, PHONE, name="Ada"))
    (ben,) = await _taken_in(table, _arrival("b", "user:DE.Ben", PHONE, at=NOW + timedelta(hours=1)))
    late, new = await _taken_in(
        table, _arrival("c", PHONE, at=NOW + timedelta(minutes=1)), _arrival("d", PHONE, at=NOW + timedelta(hours=2))
    )
    assert late.contact.contact_id == ada.contact.contact_id != ben.contact.contact_id
    assert new.contact.contact_id == ben.contact.contact_id


async def test_of_somebody_who_has_to_be_known_and_is_not_nothing_is_kept(table: WebhookTable) -> None:
    assert await table.take_in(WHATSAPP, [_arrival("a", PHONE, is_of_known=True)]) == [None]
    assert await table.kept(WHATSAPP, limit=9) == []


async def test_who_moves_is_kept_under_their_new_addresses(table: WebhookTable) -> None:
    (before,) = await _taken_in(table, _arrival("a", USER, PHONE, name="Ada"))
    later = NOW + timedelta(hours=1)
    (after,) = await _taken_in(table, _arrival("b", "user:DE.Ab2", "phone:49160", at=later, before=(USER, PHONE)))
    assert after.contact == Contact(before.contact.contact_id, ("phone:49160", "user:DE.Ab2"), "Ada")


def _days_mail() -> list[Arrival]:
    """Return what tells who several people are, who change their names, numbers and ids meanwhile."""
    later, ben, cleo, dora = NOW + timedelta(hours=1), "user:DE.Ben", "user:DE.Cleo", "user:DE.Dora"
    return [
        _arrival("a", USER, PHONE, name="Ada"),
        _arrival("b", USER),
        _arrival("c", USER, PHONE, name="Ada L."),
        _arrival("d", ben, PHONE, name="Ben", at=later),
        _arrival("e", USER, at=later),
        _arrival("f", PHONE, at=later),
        _arrival("g", "user:DE.Ada2", at=later, before=(USER,)),
        _arrival("h", "user:DE.Ada2", PHONE, at=NOW),
        _arrival("i", cleo, "phone:491601"),
        _arrival("j", cleo, name="Cleo"),
        _arrival("k", PHONE, is_of_known=True),
        _arrival("l", "phone:491609", is_of_known=True),
        _arrival("m", "phone:491602", name="Dora"),
        _arrival("n", dora, "phone:491602", name="Dora"),
        _arrival("o", USER, at=later + timedelta(hours=1)),
        _arrival("a", USER, PHONE, name="Ada"),
    ]


async def _as_told(table: WebhookTable, platform: Platform, *webhooks: list[Arrival]) -> list[object]:
    """Return who each is, by the order in which they came, and whether it was kept."""
    taken = [each for some in webhooks for each in await table.take_in(platform, some)]
    ids = list(dict.fromkeys(each.contact.contact_id for each in taken if each is not None))
    return [
        each and (ids.index(each.contact.contact_id), each.contact.addresses, each.contact.name, bool(each.delivered))
        for each in taken
    ]


async def test_what_comes_together_is_told_apart_as_if_it_came_one_by_one(table: WebhookTable) -> None:
    one_by_one = await _as_told(table, Platform.WEB, *([each] for each in _days_mail()))
    assert await _as_told(table, WHATSAPP, _days_mail()) == one_by_one
    assert one_by_one[0] == (0, (PHONE, USER), "Ada", True)


async def test_webhooks_that_are_written_together_get_what_became_of_their_own(table: WebhookTable) -> None:
    """The first keeps the writer busy while the others come."""
    webhooks = [[_arrival(f"{key}{number}", f"user:DE.{key}{number}") for number in range(3)] for key in "abcdef"]
    for taken, webhook in zip(
        await asyncio.gather(*(table.take_in(WHATSAPP, each) for each in webhooks)), webhooks, strict=True
    ):
        told = [each.delivered for each in taken if each is not None]
        assert [each and each.payload.split()[0] for each in told] == [each.key for each in webhook]
    kept = await table.kept(WHATSAPP, limit=99)
    assert [each.number for each in kept] == sorted(each.number for each in kept)
    assert len(kept) == 18


async def test_what_came_after_a_number_is_returned_alone(table: WebhookTable) -> None:
    new = await delivered(table, WHATSAPP, [Delivery(str(number), "x") for number in range(5)])
    assert await table.kept(WHATSAPP, limit=2, after=new[1].number) == new[2:4]


async def test_a_webhook_does_not_wait_for_what_else_is_to_be_written(table: WebhookTable, sql_store: SqlStore) -> None:
    order, entered, go_on = list[str](), threading.Event(), threading.Event()

    def hold(_connection: Connection, _now: datetime) -> None:
        entered.set()
        assert go_on.wait(10)

    def as_kept(contact: Contact) -> Delivery:
        order.append("webhook")
        return Delivery("a", "one")

    holding = asyncio.create_task(sql_store.change(hold))
    assert await asyncio.to_thread(entered.wait, 10)
    other = asyncio.create_task(sql_store.change(lambda _connection, _now: order.append("other")))
    await asyncio.sleep(0)
    webhook = asyncio.create_task(table.take_in(WHATSAPP, [Arrival("a", (USER,), None, NOW, as_kept)]))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(holding, other, webhook)
    assert order == ["webhook", "other"]
