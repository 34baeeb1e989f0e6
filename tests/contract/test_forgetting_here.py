"""What is forgotten in one place is what is seen from there, whatever the database."""

from collections.abc import Collection

import pytest

from source.adapters.storage.person_deletion import PersonDeletion
from source.adapters.storage.person_reading import PersonTable
from source.adapters.storage.profile_table import ProfileTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.privacy import SeenFrom
from source.domain.profile import ProfileSource
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.privacy import Who
from source.ports.profiles import NewValue
from source.ports.store import Scope
from tests.fakes.store_samples import NOW, inbound

ADA = PersonRef("ada-7731", "Ada")
PLACES = {
    "hall": ThreadRef(Platform.DISCORD, "hall", "guild", "G"),
    "circle": ThreadRef(Platform.DISCORD, "closed", "guild", "G", circle="closed"),
    "other circle": ThreadRef(Platform.DISCORD, "private", "guild", "G", circle="private"),
    "other guild": ThreadRef(Platform.DISCORD, "foyer", "guild-2", "H"),
    "direct": ThreadRef(Platform.DISCORD, "dm"),
}
SEEN = [
    ("hall", {"hall"}),
    ("circle", {"hall", "circle"}),
    ("other guild", {"other guild"}),
    ("direct", {"direct"}),
]
_FAR = 2**53


async def _told_everywhere(store: SqlStore) -> Who:
    """Ada waits for an answer in every place, and has told there where she works."""
    for name, thread in PLACES.items():
        await store.accept(inbound("Hello", event_id=name, thread=thread, person=ADA))
        scope = Scope(thread.platform, ADA.external_id, thread.guild_id, thread.circle)
        await ProfileTable(store).put(scope, ADA, NewValue("company", name, ProfileSource.PERSON, NOW))
    who = await PersonTable(store).known_as(Platform.DISCORD, ADA.external_id)
    assert who is not None
    return who


def _place(name: str) -> SeenFrom:
    thread = PLACES[name]
    return SeenFrom(thread.platform, ADA.external_id, thread.guild_id, thread.circle)


@pytest.mark.parametrize(("name", "seen"), SEEN)
async def test_what_waits_is_taken_back_where_it_is_seen(sql_store: SqlStore, name: str, seen: Collection[str]) -> None:
    who = await _told_everywhere(sql_store)
    waiting = await PersonTable(sql_store).waiting(who, _place(name), _FAR)
    assert set(waiting[Platform.DISCORD]) == seen


@pytest.mark.parametrize(("name", "seen"), SEEN)
async def test_what_is_kept_of_somebody_goes_where_it_is_seen(
    sql_store: SqlStore, name: str, seen: Collection[str]
) -> None:
    who = await _told_everywhere(sql_store)
    assert (await PersonTable(sql_store).rows_of(who, _place(name)))["profile_values"] == len(seen)
    await PersonDeletion(sql_store).forget_rows(who, _place(name), _FAR)
    values = await ProfileTable(sql_store).of_person(who.person_id)
    assert {value.value for value in values} == PLACES.keys() - seen
    assert {event.inbound.event_id for event in await sql_store.unanswered()} == PLACES.keys() - seen
