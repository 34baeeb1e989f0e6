"""Somebody whom a platform names in several ways is one person, and somebody with their old number another."""

from datetime import UTC, datetime, timedelta

import pytest

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.thread import Platform
from source.ports.webhooks import Contact, Merge

WHATSAPP = Platform.WHATSAPP
USER, PHONE, PARENT = "user:DE.Ab1", "phone:4915112345678", "parent:DE.ENT.Ab1"
NEW_USER, NEW_PHONE = "user:DE.Cd2", "phone:4915187654321"
T = datetime(2026, 11, 1, 9, tzinfo=UTC)
BEFORE, AFTER = T - timedelta(hours=1), T + timedelta(hours=1)


@pytest.fixture
def table(sql_store: SqlStore) -> ContactTable:
    return ContactTable(sql_store)


async def addresses_of(table: ContactTable, contact: Contact) -> tuple[str, ...]:
    known = await table.contact(WHATSAPP, contact.contact_id)
    assert known is not None
    return known.addresses


async def test_who_writes_again_is_the_same_and_keeps_their_name(table: ContactTable) -> None:
    met = await table.met(WHATSAPP, [USER, PHONE], "Ada")
    assert await table.met(WHATSAPP, [PHONE], None) == met
    assert met == Contact(met.contact_id, (PHONE, USER), "Ada")
    assert (await table.met(WHATSAPP, [USER], "Ada L.")).name == "Ada L."
    assert await table.contact(WHATSAPP, met.contact_id) == Contact(met.contact_id, (PHONE, USER), "Ada L.")


async def test_a_number_and_an_id_that_come_together_are_one_person_from_then_on(table: ContactTable) -> None:
    by_phone = await table.met(WHATSAPP, [PHONE], "Ada", at=T)
    together = await table.met(WHATSAPP, [USER, PHONE], None, at=BEFORE)
    assert (together.contact_id, together.absorbed) == (by_phone.contact_id, ())
    assert (await table.met(WHATSAPP, [USER], None)).contact_id == by_phone.contact_id


async def test_a_number_that_somebody_else_has_now_is_theirs(table: ContactTable) -> None:
    before = await table.met(WHATSAPP, ["user:DE.old", PHONE], "Ada")
    other = await table.met(WHATSAPP, ["user:DE.new"], "Ben")
    moved = await table.met(WHATSAPP, ["user:DE.new", PHONE], None)
    assert (moved.contact_id, moved.addresses) == (other.contact_id, (PHONE, "user:DE.new"))
    assert moved.absorbed == ()
    assert await table.contact(WHATSAPP, before.contact_id) == Contact(before.contact_id, ("user:DE.old",), "Ada")


async def test_who_has_a_number_under_another_id_is_somebody_else(table: ContactTable) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    ben = await table.met(WHATSAPP, [NEW_USER, PHONE], "Ben", at=T)
    assert (ben.contact_id != ada.contact_id, ben.name) == (True, "Ben")
    assert await addresses_of(table, ada) == (USER,)


async def test_what_was_written_before_a_number_changed_hands_is_of_who_had_it(table: ContactTable) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    ben = await table.met(WHATSAPP, [NEW_USER, PHONE], "Ben", at=T)
    late = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=T - timedelta(minutes=1))
    assert late.contact_id == ada.contact_id
    assert (await table.met(WHATSAPP, [PHONE], None, at=BEFORE)).contact_id == ada.contact_id
    assert (await table.met(WHATSAPP, [PHONE], None, at=AFTER)).contact_id == ben.contact_id
    assert await addresses_of(table, ben) == (PHONE, NEW_USER)


async def test_nobody_is_known_who_has_not_written(table: ContactTable) -> None:
    assert await table.contact(WHATSAPP, 4711) is None
    assert await table.known(WHATSAPP, [PHONE]) is None
    met = await table.met(WHATSAPP, [PHONE], None)
    assert (await table.met(Platform.WEB, [PHONE], None)).contact_id != met.contact_id
    assert await table.known(WHATSAPP, [USER, PHONE]) == met


async def test_a_name_that_others_know_is_taken_where_nobody_told_one(table: ContactTable) -> None:
    ada, ben = await table.met(WHATSAPP, [USER], None), await table.met(WHATSAPP, [NEW_USER], "Ben")
    await table.suggest_name(ada.contact_id, "Ada from the bakery")
    await table.suggest_name(ben.contact_id, "That Ben")
    assert [(await table.met(WHATSAPP, [each], None)).name for each in (USER, NEW_USER)] == [
        "Ada from the bakery",
        "Ben",
    ]


async def test_whose_number_shows_at_last_is_one_with_who_was_known_by_it(table: ContactTable) -> None:
    by_phone = await table.met(WHATSAPP, [PHONE], "Ada", at=BEFORE)
    by_id = await table.met(WHATSAPP, [USER], "ada.l", at=BEFORE)
    together = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=T)
    assert (together.contact_id, together.absorbed) == (by_phone.contact_id, (by_id.contact_id,))
    assert together.addresses == (PHONE, USER)
    assert await table.unsettled(WHATSAPP) == [Merge(by_id.contact_id, by_phone.contact_id)]
    assert await table.contact(WHATSAPP, by_id.contact_id) == Contact(by_phone.contact_id, (PHONE, USER), "Ada")
    assert (await table.met(WHATSAPP, [USER, PHONE], "Ada", at=T)).absorbed == ()


async def test_who_has_a_number_already_is_not_one_with_who_has_another(table: ContactTable) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    ben = await table.met(WHATSAPP, [NEW_PHONE], "Ben", at=BEFORE)
    moved = await table.met(WHATSAPP, [USER, NEW_PHONE], None, at=T)
    assert (moved.contact_id, moved.absorbed, moved.addresses) == (ada.contact_id, (), (NEW_PHONE, USER))
    assert await addresses_of(table, ben) == ()


async def test_who_had_a_number_before_is_not_who_has_it_now_and_is_known_by_nothing_else(table: ContactTable) -> None:
    await table.met(WHATSAPP, [PHONE], "Ada", at=BEFORE)
    await table.moved(WHATSAPP, [PHONE], [NEW_PHONE], T)
    ben = await table.met(WHATSAPP, [PHONE], "Ben", at=AFTER)
    late = await table.met(WHATSAPP, [USER, PHONE], None, at=T - timedelta(minutes=1))
    assert late.contact_id != ben.contact_id
    assert await addresses_of(table, ben) == (PHONE,)


async def test_who_merges_again_is_found_under_all_that_they_were(table: ContactTable) -> None:
    first = await table.met(WHATSAPP, [PARENT], "Ada", at=BEFORE)
    second = await table.met(WHATSAPP, [PHONE], "Ada", at=BEFORE)
    third = await table.met(WHATSAPP, [USER], "Ada", at=BEFORE)
    await table.met(WHATSAPP, [USER, PHONE], None, at=T)
    await table.met(WHATSAPP, [USER, PARENT], None, at=AFTER)
    gone = (second.contact_id, third.contact_id)
    assert await table.merges(WHATSAPP) == [Merge(each, first.contact_id) for each in gone]


async def test_an_id_of_the_parent_is_somebodys_too(table: ContactTable) -> None:
    met = await table.met(WHATSAPP, [USER, PARENT], "Ada", at=BEFORE)
    assert (await table.met(WHATSAPP, [PARENT], None, at=T)).contact_id == met.contact_id
    moved = await table.met(WHATSAPP, [NEW_USER, PARENT], None, at=T)
    assert (moved.contact_id, moved.addresses) == (met.contact_id, (PARENT, NEW_USER))


async def test_who_changes_their_number_stays_who_they_are(table: ContactTable) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    moved = await table.moved(WHATSAPP, [USER, PHONE], [NEW_USER, NEW_PHONE], T)
    assert (moved.contact_id, moved.addresses, moved.name) == (ada.contact_id, (NEW_PHONE, NEW_USER), "Ada")
    assert (await table.met(WHATSAPP, [NEW_USER, NEW_PHONE], None, at=AFTER)).contact_id == ada.contact_id
    assert (await table.met(WHATSAPP, [USER, PHONE], None, at=BEFORE)).contact_id == ada.contact_id
    assert await addresses_of(table, ada) == (NEW_PHONE, NEW_USER)


async def test_an_id_is_nobody_elses_whenever_it_is_seen_again(table: ContactTable) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    await table.moved(WHATSAPP, [USER, PHONE], [NEW_USER, NEW_PHONE], T)
    back = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=AFTER)
    assert (back.contact_id, back.addresses) == (ada.contact_id, (PHONE, USER))
    assert (await table.met(WHATSAPP, [NEW_USER], None, at=T)).contact_id == ada.contact_id


async def test_who_gets_a_number_that_was_given_up_is_somebody_new(table: ContactTable) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    await table.moved(WHATSAPP, [USER, PHONE], [NEW_USER, NEW_PHONE], T)
    assert (await table.met(WHATSAPP, ["user:DE.Ben", PHONE], "Ben", at=AFTER)).contact_id != ada.contact_id
    assert (await table.met(WHATSAPP, [PHONE], None, at=T - timedelta(minutes=5))).contact_id == ada.contact_id


@pytest.mark.parametrize("known", [[PHONE], [USER, PHONE]])
async def test_a_change_that_tells_only_the_number_is_followed(table: ContactTable, known: list[str]) -> None:
    ada = await table.met(WHATSAPP, known, "Ada", at=BEFORE)
    assert (await table.moved(WHATSAPP, [PHONE], [NEW_PHONE], T)).addresses == (NEW_PHONE,)
    assert (await table.met(WHATSAPP, [NEW_USER, NEW_PHONE], None, at=AFTER)).contact_id == ada.contact_id
    assert (await table.met(WHATSAPP, [PHONE], "Ben", at=AFTER)).contact_id != ada.contact_id


@pytest.mark.parametrize("new", [[NEW_PHONE], [NEW_USER, NEW_PHONE]])
async def test_who_wrote_from_the_new_number_before_the_change_was_told_is_the_same(
    table: ContactTable, new: list[str]
) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    early = await table.met(WHATSAPP, new, "Ada", at=AFTER)
    assert early.contact_id != ada.contact_id
    moved = await table.moved(WHATSAPP, [USER, PHONE], new, T)
    assert (moved.contact_id, moved.absorbed) == (ada.contact_id, (early.contact_id,))
    assert moved.addresses == tuple(sorted(new))


async def test_who_had_the_new_number_long_before_is_somebody_else(table: ContactTable) -> None:
    ben = await table.met(WHATSAPP, [NEW_PHONE], "Ben", at=BEFORE)
    ada = await table.met(WHATSAPP, [PHONE], "Ada", at=BEFORE)
    moved = await table.moved(WHATSAPP, [PHONE], [NEW_PHONE], T)
    assert (moved.contact_id, moved.absorbed) == (ada.contact_id, ())
    assert await addresses_of(table, ben) == ()


async def test_two_changes_told_backwards_end_as_they_happened(table: ContactTable) -> None:
    ada = await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    await table.moved(WHATSAPP, [NEW_USER, NEW_PHONE], ["user:DE.Ef3", "phone:49333"], AFTER)
    moved = await table.moved(WHATSAPP, [USER, PHONE], [NEW_USER, NEW_PHONE], T)
    assert (moved.contact_id, moved.addresses) == (ada.contact_id, ("phone:49333", "user:DE.Ef3"))
    between = await table.met(WHATSAPP, [NEW_USER, NEW_PHONE], None, at=T + timedelta(minutes=1))
    assert (between.contact_id, between.addresses) == (ada.contact_id, ("phone:49333", "user:DE.Ef3"))


async def test_a_change_that_is_told_twice_changes_nothing_more(table: ContactTable) -> None:
    await table.met(WHATSAPP, [USER, PHONE], "Ada", at=BEFORE)
    once = await table.moved(WHATSAPP, [USER, PHONE], [NEW_USER, NEW_PHONE], T)
    assert await table.moved(WHATSAPP, [USER, PHONE], [NEW_USER, NEW_PHONE], T) == once
