"""What people call themselves on a platform is known of them, whatever the database, and goes after what they say."""

import pytest

from source.adapters.storage.profile_table import ProfileTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.profile import Profile, ProfileSource
from source.domain.thread import PersonRef, Platform
from source.ports.profiles import NewValue
from source.ports.store import Scope
from tests.fakes.store_samples import NOW

EVE = PersonRef("4711", "Eve")
HERE = Scope(Platform.WHATSAPP, "4711", None)


@pytest.fixture
def table(sql_store: SqlStore) -> ProfileTable:
    return ProfileTable(sql_store)


def shown(value: str, field: str = "name") -> NewValue:
    return NewValue(field, value, ProfileSource.CONTACT, NOW)


async def names(table: ProfileTable) -> list[str]:
    profile = Profile.of(await table.seen(HERE))
    return [value.value for value in profile.values if value.field == "name"]


async def test_what_is_shown_now_takes_the_place_of_what_was_shown(table: ProfileTable) -> None:
    await table.introduce(HERE, EVE, [shown("Eve"), shown("eve.sails", "username")])
    await table.introduce(HERE, EVE, [shown("Eve")])
    await table.introduce(HERE, EVE, [shown("Evi")])
    assert await names(table) == ["Evi"]


async def test_what_somebody_says_goes_before_it(table: ProfileTable) -> None:
    await table.put(HERE, EVE, NewValue("name", "Evelyn", ProfileSource.PERSON, NOW))
    await table.introduce(HERE, EVE, [shown("Eve")])
    assert await names(table) == ["Evelyn", "Eve"]


async def test_what_was_forgotten_is_not_filled_again(table: ProfileTable) -> None:
    await table.introduce(HERE, EVE, [shown("Eve"), shown("eve.sails", "username")])
    assert await table.forget(HERE, "name", NOW) == 1
    await table.introduce(HERE, EVE, [shown("Evi"), shown("eve.sails", "username")])
    assert await names(table) == []
    assert [value.value for value in await table.seen(HERE)] == ["eve.sails"]
