"""What is known of people, out of the memories of conversations, on every database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import text

from source.adapters.storage.fact_table import FactTable
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.fact import Fact
from source.domain.memory import MemoryPart, MemorySource
from source.domain.message import Message, Standing
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import Scope
from tests.fakes.memory_samples import claim
from tests.fakes.store_samples import ANN, BEN, CLOSED, GUILD, MAIN, NOW, head, said

MODEL = MemorySource.MODEL
HERE = Scope(Platform.TERMINAL, "ann", None)
IN_GUILD = Scope(Platform.DISCORD, "ann", "7")
ELSEWHERE = ThreadRef(Platform.DISCORD, "44", guild_id="8")
LISBON = "Ann lives in Lisbon."


@dataclass
class Known:
    """A store, its memories and its facts."""

    store: SqlStore
    memories: MemoryTable
    facts: FactTable

    async def say(self, *messages: Message, thread: ThreadRef = MAIN, people: tuple[PersonRef, ...] = (ANN,)) -> int:
        conversation = head(thread=thread, is_active=False)
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), people=people))
        return conversation.conversation_id

    async def remember(self, conversation_id: int, source: MemorySource = MODEL, **parts: object) -> None:
        await self.memories.put_memory(conversation_id, parts, source=source)

    async def tell(self, fact: str = LISBON, *, thread: ThreadRef = MAIN, after: float = 0) -> int:
        """Have Ann say something that is remembered as one fact."""
        message = said(fact, after=after)
        conversation = await self.say(message, thread=thread)
        await self.remember(conversation, facts=[claim(fact, message.message_id)])
        return conversation

    async def texts(self, scope: Scope = HERE) -> list[str]:
        return [fact.text for fact in await self.facts.seen(scope)]

    async def memory_data(self, conversation_id: int) -> Mapping[str, object]:
        memory = await self.memories.memory(conversation_id)
        assert memory is not None
        return memory.memory_data


@pytest.fixture
def known(sql_store: SqlStore) -> Known:
    return Known(sql_store, MemoryTable(sql_store), FactTable(sql_store))


async def only(known: Known, scope: Scope = HERE) -> Fact:
    (fact,) = await known.facts.seen(scope)
    return fact


async def test_a_memory_s_items_are_facts_of_who_said_what_they_cite(known: Known) -> None:
    first, second = said("I live in Lisbon and like tea."), said("And Rex is my dog.", after=60)
    conversation = await known.say(first, second)
    await known.remember(
        conversation,
        facts=[claim(LISBON, first.message_id)],
        preferences=[claim("Ann likes tea.", first.message_id)],
        open_issues=[claim("Ann wants a doctor.", second.message_id)],
        topics=[claim("tea", first.message_id)],
        people=[claim("Ann's dog", second.message_id, name="Rex"), claim("Ann", first.message_id, name="Ann")],
        intents=[claim("chat", first.message_id, name="ask", confidence=0.5)],
    )
    found = {fact.part: fact for fact in await known.facts.seen(HERE)}
    assert set(found) == {
        MemoryPart.FACTS,
        MemoryPart.PREFERENCES,
        MemoryPart.OPEN_ISSUES,
        MemoryPart.TOPICS,
        MemoryPart.PEOPLE,
    }
    home, dog = found[MemoryPart.FACTS], found[MemoryPart.PEOPLE]
    assert (home.text, home.conversation_id, home.message_ids) == (LISBON, conversation, (first.message_id,))
    assert (home.said_at, home.found.source) == (NOW, MODEL)
    assert [(slot.subject, slot.value) for slot in home.found.slots] == [("home", "lisbon")]
    assert dog.text == "Rex: Ann's dog"
    assert await known.facts.fact(home.fact_id) == home


async def test_each_who_said_some_of_it_has_it_and_what_only_echo_said_is_nobody_s(known: Known) -> None:
    mine, theirs, echos = said("Tea?"), said("Yes, tea.", by=BEN), said("Tea it is.", by=None)
    conversation = await known.say(mine, theirs, echos, thread=GUILD, people=(ANN, BEN))
    both = claim("They want tea.", mine.message_id, theirs.message_id)
    await known.remember(conversation, facts=[both, claim("Tea is served.", echos.message_id)])
    assert await known.texts(IN_GUILD) == ["They want tea."]
    assert await known.texts(replace(IN_GUILD, external_id="ben")) == ["They want tea."]


async def test_what_was_said_in_one_place_is_not_seen_from_another(known: Known) -> None:
    await known.tell("Ann lives in Porto.", thread=GUILD)
    await known.tell("Ann lives in Faro.", thread=CLOSED)
    await known.tell("Ann lives in Braga.", thread=ELSEWHERE)
    await known.tell("Ann lives in Evora.", thread=ThreadRef(Platform.DISCORD, "dm"))
    assert await known.texts(IN_GUILD) == ["Ann lives in Porto."]
    assert sorted(await known.texts(replace(IN_GUILD, circle="staff"))) == ["Ann lives in Faro.", "Ann lives in Porto."]
    assert await known.texts(replace(IN_GUILD, guild_id="8")) == ["Ann lives in Braga."]
    assert await known.texts(replace(IN_GUILD, guild_id=None)) == ["Ann lives in Evora."]
    assert await known.texts(replace(IN_GUILD, external_id="ben")) == []


async def test_a_memory_that_is_made_again_replaces_its_facts_and_those_that_stay_keep_their_ids(known: Known) -> None:
    message = said("I live in Lisbon and like tea.")
    conversation = await known.say(message)
    await known.remember(conversation, facts=[claim(LISBON, message.message_id), claim("Old.", message.message_id)])
    before = {fact.text: fact.fact_id for fact in await known.facts.seen(HERE)}
    await known.remember(conversation, facts=[claim("New.", message.message_id), claim(LISBON, message.message_id)])
    after = {fact.text: fact.fact_id for fact in await known.facts.seen(HERE)}
    assert set(after) == {LISBON, "New."}
    assert after[LISBON] == before[LISBON]
    assert after["New."] not in before.values()


async def test_facts_go_with_their_memory(known: Known) -> None:
    conversation = await known.tell()
    assert await known.memories.delete_memory(conversation)
    assert await known.texts() == []


async def test_facts_go_with_a_message_that_is_taken_back(known: Known) -> None:
    message = said(LISBON)
    conversation = await known.say(message)
    await known.remember(conversation, facts=[claim(LISBON, message.message_id)])
    await known.store.correct(conversation, replace(message, message_content="", standing=Standing.DELETED))
    assert await known.texts() == []


async def test_of_what_a_person_wrote_the_rest_stays_when_a_message_is_taken_back(known: Known) -> None:
    message, other = said(LISBON), said("And I like tea.")
    conversation = await known.say(message, other)
    items = [claim(LISBON, message.message_id), claim("Ann likes tea.", other.message_id)]
    await known.remember(conversation, MemorySource.PERSON, facts=items)
    await known.store.correct(conversation, replace(message, message_content="", standing=Standing.DELETED))
    assert await known.texts() == ["Ann likes tea."]


async def test_what_is_forgotten_leaves_the_memory_too(known: Known) -> None:
    message = said("I live in Lisbon and like tea.")
    conversation = await known.say(message)
    await known.remember(
        conversation,
        summary=claim("Ann lives in Lisbon. She asked for tea.", message.message_id),
        facts=[claim(LISBON, message.message_id), claim("Ann likes tea.", message.message_id)],
        preferences=[claim("Ann lives in Lisbon", message.message_id)],
    )
    forgotten = [fact.fact_id for fact in await known.facts.seen(HERE) if "Lisbon" in fact.text]
    assert await known.facts.forget(forgotten) == 2
    assert await known.texts() == ["Ann likes tea."]
    data = await known.memory_data(conversation)
    assert "Lisbon" not in str(data)
    assert data["summary"] == claim("She asked for tea.", message.message_id)


async def test_what_is_forgotten_does_not_come_back_with_the_next_memory_and_leaves_no_words(known: Known) -> None:
    message = said("I live in Lisbon and like tea.")
    conversation = await known.say(message)
    items = [claim(LISBON, message.message_id), claim("Ann likes tea.", message.message_id)]
    await known.remember(conversation, facts=items)
    await known.facts.forget([fact.fact_id for fact in await known.facts.seen(HERE) if "Lisbon" in fact.text])
    in_other_words = claim("Lisbon is Ann's home.", message.message_id)
    await known.remember(conversation, facts=[*items, in_other_words], summary=claim(LISBON, message.message_id))
    assert await known.texts() == ["Ann likes tea."]
    assert "Lisbon" not in str(await known.memory_data(conversation))
    rows = await known.store.read(lambda connection: connection.execute(text("SELECT * FROM forgotten_facts")).all())
    assert rows
    assert "isbon" not in str(rows)


async def test_what_is_said_again_later_is_known_again(known: Known) -> None:
    message = said(LISBON)
    conversation = await known.say(message)
    await known.remember(conversation, facts=[claim(LISBON, message.message_id)])
    await known.facts.forget([(await only(known)).fact_id])
    again = said("Yes, I live in Lisbon.", after=60)
    await known.store.commit_turn(TurnRecord(conversation, (again,)))
    await known.remember(conversation, facts=[claim(LISBON, message.message_id, again.message_id)])
    assert await known.texts() == [LISBON]


async def test_what_somebody_else_said_in_the_same_words_stays_when_one_forgets_it(known: Known) -> None:
    mine, theirs = said("I love tea."), said("I love tea.", by=BEN)
    conversation = await known.say(mine, theirs, thread=GUILD, people=(ANN, BEN))
    items = [claim("Ann: “I love tea.”", mine.message_id), claim("Ben: “I love tea.”", theirs.message_id)]
    await known.remember(conversation, facts=items)
    await known.facts.forget([(await only(known, IN_GUILD)).fact_id])
    await known.remember(conversation, facts=items)
    assert await known.texts(IN_GUILD) == []
    assert await known.texts(replace(IN_GUILD, external_id="ben")) == ["Ben: “I love tea.”"]


async def test_what_is_known_of_those_who_speak_is_told_from_elsewhere_in_the_same_place(known: Known) -> None:
    await known.tell("Ann lives in Porto.", thread=GUILD)
    await known.tell("Ann lives in Evora.", thread=ThreadRef(Platform.DISCORD, "dm"))
    here = await known.tell("Ann lives in Faro.", thread=replace(GUILD, thread_id="45"))
    assert [fact.text for fact in await known.facts.known_to(here)] == ["Ann lives in Porto."]
    assert await known.facts.known_to(999_999) == []


async def test_everything_known_of_a_person_is_told_to_operators(known: Known) -> None:
    await known.tell("Ann lives in Porto.", thread=GUILD)
    await known.tell("Ann lives in Faro.", thread=CLOSED, after=60)
    person = (await only(known, IN_GUILD)).found.person_id
    assert [fact.text for fact in await known.facts.of_person(person)] == ["Ann lives in Faro.", "Ann lives in Porto."]
    assert len(await known.facts.of_person(person, limit=1)) == 1
    assert await known.facts.of_person(999_999) == []


async def test_summaries_of_the_same_place_are_found_for_a_fact(known: Known) -> None:
    await known.tell("Ann lives in Porto.", thread=GUILD)
    near, *far = (
        replace(head(thread=thread, is_active=False), carried_summary=f"- Fact: {thread.thread_id}")
        for thread in (replace(GUILD, thread_id="46"), ELSEWHERE, ThreadRef(Platform.DISCORD, "dm"))
    )
    for each in (near, *far):
        await known.store.commit_turn(TurnRecord(each.conversation_id, (said("Hello"),), (each,), people=(ANN,)))
    fact = await only(known, IN_GUILD)
    (found,) = await known.facts.summaries_near([fact.fact_id])
    assert (found.conversation_id, found.texts) == (near.conversation_id, ("", "", "- Fact: 46", ""))
    assert found.names == ("Ann",)
    assert await known.facts.summaries_near([]) == []


async def test_memories_from_before_facts_are_read_once_in_steps(known: Known) -> None:
    conversations = [await known.tell(f"Ann lives in place{number}.", after=number) for number in range(5)]
    await known.store.change(
        lambda connection, _: (
            connection.execute(text("DELETE FROM facts")),
            connection.execute(text("UPDATE conversation_memories SET facts_version = NULL")),
        )
    )
    assert await known.texts() == []
    assert [await known.facts.read_memories(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert {fact.conversation_id for fact in await known.facts.seen(HERE)} == set(conversations)
