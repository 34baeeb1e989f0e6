"""Somebody whom a platform names in several ways is one person."""

import pytest

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.thread import Platform
from source.ports.webhooks import Contact

WHATSAPP = Platform.WHATSAPP
USER, PHONE = "user:DE.Ab1", "phone:4915112345678"


@pytest.fixture
def table(sql_store: SqlStore) -> ContactTable:
    return ContactTable(sql_store)


async def test_who_writes_again_is_the_same_and_keeps_their_name(table: ContactTable) -> None:
    met = await table.met(WHATSAPP, [USER, PHONE], "Ada")
    assert await table.met(WHATSAPP, [PHONE], None) == met
    assert met == Contact(met.contact_id, (PHONE, USER), "Ada")
    assert (await table.met(WHATSAPP, [USER], "Ada L.")).name == "Ada L."
    assert await table.contact(WHATSAPP, met.contact_id) == Contact(met.contact_id, (PHONE, USER), "Ada L.")


async def test_a_number_and_an_id_that_come_together_are_one_person_from_then_on(table: ContactTable) -> None:
    by_phone = await table.met(WHATSAPP, [PHONE], "Ada")
    together = await table.met(WHATSAPP, [USER, PHONE], None)
    assert together.contact_id == by_phone.contact_id
    assert (await table.met(WHATSAPP, [USER], None)).contact_id == by_phone.contact_id


async def test_a_number_that_somebody_else_has_now_is_theirs(table: ContactTable) -> None:
    before = await table.met(WHATSAPP, ["user:DE.old", PHONE], "Ada")
    other = await table.met(WHATSAPP, ["user:DE.new"], "Ben")
    moved = await table.met(WHATSAPP, ["user:DE.new", PHONE], None)
    assert (moved.contact_id, moved.addresses) == (other.contact_id, (PHONE, "user:DE.new"))
    assert await table.contact(WHATSAPP, before.contact_id) == Contact(before.contact_id, ("user:DE.old",), "Ada")


async def test_nobody_is_known_who_has_not_written(table: ContactTable) -> None:
    assert await table.contact(WHATSAPP, 4711) is None
    met = await table.met(WHATSAPP, [PHONE], None)
    assert (await table.met(Platform.WEB, [PHONE], None)).contact_id != met.contact_id
