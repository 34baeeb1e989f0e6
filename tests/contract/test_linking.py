"""Accounts become one person by a code, and people of their own again, whatever the database."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from source.adapters.storage.fact_table import FactTable
from source.adapters.storage.link_table import MOST_FAILURES, PAUSE, LinkTable
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.profile_table import ProfileTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.memory import MemorySource
from source.domain.profile import ProfileSource
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage, TurnRecord
from source.ports.people import PeopleQuery, Person
from source.ports.profiles import Account, Joined, Joining, NewValue
from source.ports.store import Scope
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import NOW, head, inbound, said

ANN = Account(Platform.DISCORD, PersonRef("ann", "Ann"))
ANNA = Account(Platform.WHATSAPP, PersonRef("4917", "Anna"))
EVE = Account(Platform.DISCORD, PersonRef("eve", "Eve"))
WRONG = Joined(Joining.WRONG)
PAUSED = Joined(Joining.PAUSED)


@dataclass
class Accounts:
    """A store, and what its people say and ask."""

    store: SqlStore
    clock: FakeClock

    def __post_init__(self) -> None:
        self.links = LinkTable(self.store)
        self.profiles = ProfileTable(self.store)

    async def give_code(self, account: Account, digest: str = "code", *, minutes: float = 10) -> None:
        await self.links.put_code(account, digest, self.clock.now() + timedelta(minutes=minutes))

    async def join(self, account: Account, digest: str = "code") -> Joined:
        return await self.links.join(account, digest)

    async def write(self, account: Account, text: str, **values: str) -> int:
        """Have an account write directly, and what that tells be remembered."""
        thread = ThreadRef(account.platform, f"dm-{account.person.external_id}")
        conversation = head(thread=thread, requester=account.person.external_id, is_active=False)
        message = said(text, by=account.person)
        record = TurnRecord(conversation.conversation_id, (message,), (conversation,), people=(account.person,))
        await self.store.commit_turn(record)
        shown = [message.message_id]
        data = {
            "facts": [{"text": text, "message_ids": shown}],
            "profile": [{"name": name, "text": value, "message_ids": shown} for name, value in values.items()],
        }
        await MemoryTable(self.store).put_memory(conversation.conversation_id, data, source=MemorySource.MODEL)
        return conversation.conversation_id

    async def people(self) -> list[Person]:
        return await PeopleTable(self.store).people(PeopleQuery())

    async def names(self) -> list[set[str]]:
        """The accounts of each person, in the order of the people's ids."""
        return [{alias.external_id for alias in person.aliases} for person in await self.people()]

    async def known(self, account: Account) -> set[str]:
        return {value.value for value in await self.profiles.seen(_directly(account))}

    async def heard(self, account: Account) -> set[str]:
        hits = await self.store.search("boat", scope=_directly(account))
        return {hit.message.message_content for hit in hits}


def _directly(account: Account) -> Scope:
    return Scope(account.platform, account.person.external_id, None)


@pytest.fixture
def accounts(sql_store: SqlStore, clock: FakeClock) -> Accounts:
    return Accounts(sql_store, clock)


async def test_a_code_makes_two_accounts_one_person_with_all_that_is_known_of_them(accounts: Accounts) -> None:
    await accounts.write(ANN, "My boat is Aurora", name="Ann")
    await accounts.write(ANNA, "Your boat is nice, I work at Acme", company="Acme")
    await accounts.give_code(ANN)
    assert await accounts.join(ANNA) == Joined(Joining.JOINED, Platform.DISCORD)
    assert await accounts.names() == [{"ann", "4917"}]
    assert await accounts.known(ANN) == await accounts.known(ANNA) == {"Ann", "Acme"}
    assert (
        await accounts.heard(ANN)
        == await accounts.heard(ANNA)
        == {
            "My boat is Aurora",
            "Your boat is nice, I work at Acme",
        }
    )


async def test_accounts_that_never_wrote_are_linked_too(accounts: Accounts) -> None:
    await accounts.give_code(ANN)
    assert (await accounts.join(ANNA)).outcome is Joining.JOINED
    assert await accounts.names() == [{"ann", "4917"}]


async def test_a_code_joins_once(accounts: Accounts) -> None:
    await accounts.give_code(ANN)
    assert (await accounts.join(ANNA)).outcome is Joining.JOINED
    assert await accounts.join(EVE) == WRONG
    assert await accounts.names() == [{"ann", "4917"}, {"eve"}]


async def test_of_two_who_type_a_code_at_once_one_is_joined(accounts: Accounts) -> None:
    await accounts.give_code(ANN)
    outcomes = await asyncio.gather(accounts.join(ANNA), accounts.join(EVE))
    assert sorted(joined.outcome.value for joined in outcomes) == ["joined", "wrong"]


async def test_a_code_is_over_after_its_time_and_when_a_new_one_is_given(accounts: Accounts) -> None:
    await accounts.give_code(ANN, "first")
    await accounts.give_code(ANN, "second")
    assert await accounts.join(ANNA, "first") == WRONG
    accounts.clock.advance(minutes=10)
    assert await accounts.join(ANNA, "second") == WRONG


async def test_one_s_own_code_joins_nothing_and_is_not_used_up(accounts: Accounts) -> None:
    await accounts.give_code(ANN)
    assert (await accounts.join(ANN)).outcome is Joining.SAME_ACCOUNT
    assert (await accounts.join(ANNA)).outcome is Joining.JOINED
    await accounts.give_code(ANN)
    assert (await accounts.join(ANNA)).outcome is Joining.ALREADY


async def test_whoever_tries_too_often_waits_even_with_the_right_code(accounts: Accounts) -> None:
    await accounts.give_code(ANN, minutes=60)
    tried = [await accounts.join(EVE, f"guess {number}") for number in range(MOST_FAILURES)]
    assert tried == [WRONG] * (MOST_FAILURES - 1) + [PAUSED]
    assert await accounts.join(EVE) == PAUSED
    assert (await accounts.join(ANNA, "guess")).outcome is Joining.WRONG, "others are not held up"
    accounts.clock.advance(seconds=PAUSE.total_seconds())
    assert (await accounts.join(EVE)).outcome is Joining.JOINED


async def test_the_other_account_is_to_be_told_until_it_is(accounts: Accounts) -> None:
    await accounts.give_code(ANN)
    await accounts.join(ANNA)
    [notice] = await accounts.links.notices()
    assert (notice.platform, notice.external_id, notice.other) == (Platform.DISCORD, "ann", Platform.WHATSAPP)
    await accounts.links.told(notice.notice_id)
    assert await accounts.links.notices() == []


async def test_an_account_leaves_with_what_is_its_own(accounts: Accounts) -> None:
    await accounts.write(ANN, "My boat is Aurora", name="Ann")
    await accounts.write(ANNA, "Your boat is nice, I work at Acme", company="Acme")
    await accounts.profiles.put(_directly(ANNA), ANNA.person, NewValue("city", "Porto", ProfileSource.PERSON, NOW))
    await accounts.give_code(ANN)
    await accounts.join(ANNA)
    assert await accounts.links.leave(Platform.WHATSAPP, "4917")
    assert await accounts.names() == [{"ann"}, {"4917"}]
    assert await accounts.known(ANN) == {"Ann"}
    assert await accounts.known(ANNA) == {"Acme", "Porto"}
    assert await accounts.heard(ANN) == {"My boat is Aurora"}
    assert await _facts(accounts) == {"ann": ["My boat is Aurora"], "4917": ["Your boat is nice, I work at Acme"]}


async def test_an_account_that_stands_alone_stays(accounts: Accounts) -> None:
    await accounts.write(ANN, "My boat is Aurora", name="Ann")
    before = await accounts.people()
    assert not await accounts.links.leave(Platform.DISCORD, "ann")
    assert not await accounts.links.leave(Platform.DISCORD, "nobody")
    assert await accounts.people() == before


async def test_people_are_merged_once_and_only_those_there_are(accounts: Accounts) -> None:
    await accounts.write(ANN, "My boat is Aurora", name="Ann")
    await accounts.write(ANNA, "My boat is Bora", company="Acme")
    first, second = (person.person_id for person in await accounts.people())
    assert await accounts.links.merge(first, second)
    assert not await accounts.links.merge(first, second)
    assert not await accounts.links.merge(4_711, first)
    assert [person.person_id for person in await accounts.people()] == [first]
    assert await _facts(accounts) == {"ann": ["My boat is Aurora", "My boat is Bora"]}


async def test_what_is_made_of_a_merged_person_later_is_theirs(accounts: Accounts) -> None:
    await accounts.give_code(ANN)
    await accounts.join(ANNA)
    await accounts.write(ANNA, "I live in Porto", city="Porto")
    await accounts.store.accept(_inbound(ANNA))
    assert await accounts.names() == [{"ann", "4917"}]
    assert await accounts.known(ANN) == {"Porto"}


async def _facts(accounts: Accounts) -> dict[str, list[str]]:
    """What is known of each person, by the first of their accounts."""
    table = FactTable(accounts.store)
    found = {}
    for person in await accounts.people():
        known = sorted(fact.text for fact in await table.of_person(person.person_id))
        found[person.aliases[0].external_id] = known
    return found


def _inbound(account: Account) -> InboundMessage:
    thread = ThreadRef(account.platform, f"dm-{account.person.external_id}")
    return inbound("Hello", thread=thread, person=account.person)
