"""What people are known to be, whatever the database: who sees it, what supersedes it, what it goes with."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from source.adapters.storage.conversation_deletion import deletion_of
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.profile_table import ProfileTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.memory import MemorySource
from source.domain.message import Standing
from source.domain.profile import Profile, ProfilePlace, ProfileSource
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.people import PeopleQuery
from source.ports.profiles import NewValue
from source.ports.store import Scope
from tests.fakes.store_samples import BEN, CLOSED, GUILD, NOW, head, said

ANN = PersonRef("ann", "Ann")
DM = ThreadRef(Platform.DISCORD, "dm")
IN_DM, IN_GUILD = Scope(Platform.DISCORD, "ann", None), Scope(Platform.DISCORD, "ann", "7")
IN_CIRCLE = Scope(Platform.DISCORD, "ann", "7", "staff")


@dataclass
class Known:
    """A store in which Ann writes; a message is one conversation of its own."""

    store: SqlStore
    messages: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.profiles = ProfileTable(self.store)
        self.memories = MemoryTable(self.store)

    async def write(self, text: str, *, thread: ThreadRef = DM, by: PersonRef = ANN, after: float = 0) -> int:
        """Have a message written in a conversation of its own; return the conversation."""
        conversation = head(thread=thread, requester=by.external_id, is_active=False)
        message = said(text, by=by, after=after)
        await self.store.commit_turn(
            TurnRecord(conversation.conversation_id, (message,), (conversation,), people=(by,))
        )
        self.messages[conversation.conversation_id] = message.message_id
        return conversation.conversation_id

    async def remember(self, conversation: int, **values: str) -> None:
        """Put the conversation's memory, with these values that its message shows."""
        items = [
            {"name": name, "text": text, "message_ids": [self.messages[conversation]]} for name, text in values.items()
        ]
        await self.memories.put_memory(conversation, {"profile": items}, source=MemorySource.MODEL)

    async def told(self, text: str, *, thread: ThreadRef = DM, after: float = 0, **values: str) -> int:
        conversation = await self.write(text, thread=thread, after=after)
        await self.remember(conversation, **values)
        return conversation

    async def put(self, name: str, value: str, scope: Scope = IN_DM, *, after: float = 0) -> None:
        await self.profiles.put(scope, ANN, _new(name, value, after))

    async def seen(self, scope: Scope = IN_DM) -> dict[str, str]:
        """What holds for somebody who looks from there."""
        profile = Profile.of(await self.profiles.seen(scope))
        current = (profile.current(name) for name in profile.fields(()))
        return {value.field: value.value for value in current if value}

    async def correct(self, conversation: int, text: str | None) -> None:
        stored = await self.store.load(conversation)
        assert stored is not None
        [message] = stored.messages
        changed = replace(message, message_content=text or "", edited_at=NOW)
        gone = replace(changed, standing=Standing.DELETED)
        await self.store.correct(conversation, changed if text else gone)


def _new(name: str, value: str, after: float = 0) -> NewValue:
    return NewValue(name, value, ProfileSource.PERSON, _at(after))


def _at(after: float) -> datetime:
    return NOW + timedelta(seconds=after)


@pytest.fixture
def known(sql_store: SqlStore) -> Known:
    return Known(sql_store)


async def test_a_value_is_shown_with_the_message_that_shows_it(known: Known) -> None:
    conversation = await known.told("My name is Ann Lee", after=5, name="Ann Lee")
    [value] = await known.profiles.seen(IN_DM)
    assert (value.field, value.value, value.source) == ("name", "Ann Lee", ProfileSource.MODEL)
    assert (value.conversation_id, value.message_id) == (conversation, known.messages[conversation])
    assert value.said_at == _at(5)
    assert value.place == ProfilePlace(Platform.DISCORD)


async def test_what_was_said_later_holds_and_the_earlier_stays_visible(known: Known) -> None:
    await known.told("Reach me at new@x.org", after=60, email="new@x.org")
    await known.told("My mail is old@x.org", email="old@x.org")
    assert await known.seen() == {"email": "new@x.org"}
    profile = Profile.of(await known.profiles.seen(IN_DM))
    assert [value.value for value in profile.earlier("email")] == ["old@x.org"]


async def test_a_command_supersedes_what_was_written_before_it_and_not_after(known: Known) -> None:
    await known.told("My mail is a@x.org", email="a@x.org")
    await known.put("email", "b@x.org", after=10)
    assert await known.seen() == {"email": "b@x.org"}
    await known.told("My mail is c@x.org", after=20, email="c@x.org")
    assert await known.seen() == {"email": "c@x.org"}


async def test_what_was_shown_in_private_is_not_known_in_a_guild_nor_the_other_way(known: Known) -> None:
    await known.told("My mail is a@x.org", email="a@x.org")
    await known.told("I work at Acme", thread=GUILD, company="Acme")
    await known.told("My phone is +49 30 901820", thread=CLOSED, phone="+49 30 901820")
    await known.put("address", "Main Street 1")
    await known.put("time_zone", "Europe/Berlin", IN_GUILD)
    await known.put("language", "de", IN_CIRCLE)
    assert await known.seen(IN_DM) == {"email": "a@x.org", "address": "Main Street 1"}
    assert await known.seen(IN_GUILD) == {"company": "Acme", "time_zone": "Europe/Berlin"}
    assert await known.seen(IN_CIRCLE) == await known.seen(IN_GUILD) | {"phone": "+49 30 901820", "language": "de"}
    assert await known.seen(Scope(Platform.DISCORD, "ann", "8")) == {}
    assert await known.seen(Scope(Platform.TERMINAL, "ann", None)) == {}


async def test_what_one_says_is_nobody_else_s(known: Known) -> None:
    conversation = await known.write("My name is Ben", thread=GUILD, by=BEN)
    await known.remember(conversation, name="Ben")
    assert await known.seen(IN_GUILD) == {}
    assert await known.seen(Scope(Platform.DISCORD, "ben", "7")) == {"name": "Ben"}


async def test_a_memory_made_again_replaces_what_it_told_and_keeps_what_it_still_tells(known: Known) -> None:
    conversation = await known.told("I am Ann of Acme", name="Ann", company="Acme")
    before = {value.field: value.value_id for value in await known.profiles.seen(IN_DM)}
    await known.remember(conversation, name="Ann")
    [value] = await known.profiles.seen(IN_DM)
    assert (value.field, value.value_id) == ("name", before["name"])


async def test_what_a_message_alone_showed_goes_with_it(known: Known) -> None:
    edited = await known.told("My mail is a@x.org", email="a@x.org")
    deleted = await known.told("My name is Ann", name="Ann")
    await known.told("I work at Acme", company="Acme")
    await known.correct(edited, "My mail is none of your business")
    await known.correct(deleted, None)
    assert await known.seen() == {"company": "Acme"}


async def test_values_go_with_their_memory_and_their_conversation(known: Known) -> None:
    first, second = await known.told("Ann", name="Ann"), await known.told("Acme", company="Acme")
    await known.memories.delete_memory(first)
    assert await known.seen() == {"company": "Acme"}
    await known.store.change(deletion_of(second))
    assert await known.seen() == {}


async def test_what_is_forgotten_does_not_come_back_with_the_memory(known: Known) -> None:
    conversation = await known.told("My mail is a@x.org, I am Ann", email="a@x.org", name="Ann")
    await known.put("email", "b@x.org", after=1)
    assert await known.profiles.forget(IN_DM, "email", _at(10)) == 2
    assert await known.seen() == {"name": "Ann"}
    memory = await known.memories.memory(conversation)
    assert memory is not None
    assert "a@x.org" not in str(memory.memory_data)
    await known.remember(conversation, email="a@x.org", name="Ann")
    assert await known.seen() == {"name": "Ann"}
    memory = await known.memories.memory(conversation)
    assert memory is not None
    assert "a@x.org" not in str(memory.memory_data)


async def test_what_is_said_after_forgetting_is_known_again(known: Known) -> None:
    await known.put("email", "a@x.org")
    await known.profiles.forget(IN_DM, "email", _at(10))
    await known.told("My mail is c@x.org", after=20, email="c@x.org")
    assert await known.seen() == {"email": "c@x.org"}


async def test_forgetting_in_one_place_changes_nothing_in_another(known: Known) -> None:
    await known.put("name", "Ann")
    await known.put("name", "Captain", IN_GUILD)
    conversation = await known.told("I am Captain Ann", thread=GUILD, name="Captain Ann")
    assert await known.profiles.forget(IN_DM, "name", _at(10)) == 1
    assert await known.seen(IN_DM) == {}
    await known.remember(conversation, name="Captain Ann", company="Navy")
    assert await known.seen(IN_GUILD) == {"name": "Captain Ann", "company": "Navy"}


async def test_nothing_is_forgotten_of_somebody_unknown(known: Known) -> None:
    assert await known.profiles.forget(IN_DM, "name", NOW) == 0
    assert await known.profiles.seen(IN_DM) == []


async def test_an_operator_s_value_is_private_unless_it_has_a_place(known: Known) -> None:
    await known.put("name", "Ann")
    person = await _person(known)
    operators = NewValue("company", "Acme", ProfileSource.OPERATOR, _at(5))
    assert await known.profiles.put_of(person, ProfilePlace(), [operators])
    assert await known.profiles.put_of(person, ProfilePlace(Platform.DISCORD, "7"), [replace(operators, value="Navy")])
    assert await known.seen(IN_DM) == {"name": "Ann", "company": "Acme"}
    assert await known.seen(IN_GUILD) == {"company": "Navy"}
    assert {value.value for value in await known.profiles.of_person(person)} == {"Ann", "Acme", "Navy"}
    assert not await known.profiles.put_of(4_711, ProfilePlace(), [operators])


async def test_an_operator_forgets_everywhere(known: Known) -> None:
    await known.put("name", "Ann")
    conversation = await known.told("I am Ann of Acme", thread=GUILD, name="Ann", company="Acme")
    person = await _person(known)
    assert await known.profiles.forget_of(person, ["name"], _at(10)) == 2
    assert await known.seen(IN_GUILD) == {"company": "Acme"}
    await known.remember(conversation, name="Ann", company="Acme")
    assert await known.seen(IN_GUILD) == {"company": "Acme"}
    assert await known.profiles.forget_of(person, None, _at(10)) == 1
    assert await known.profiles.of_person(person) == []
    assert await known.profiles.forget_of(4_711, None, _at(10)) is None


async def _person(known: Known) -> int:
    [person] = await PeopleTable(known.store).people(PeopleQuery(external_id="ann"))
    return person.person_id
