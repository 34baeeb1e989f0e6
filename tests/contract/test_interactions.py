"""What is counted of people, on every kind of database."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import Connection, select

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.interaction_table import InteractionTable
from source.adapters.storage.interaction_tables import interaction_names, interactions
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.message_forgetting import rewrite
from source.adapters.storage.operation_tables import user_summaries
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.record_counts import counted
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import aliases
from source.domain.conversation_head import ConversationHead
from source.domain.errors import StoreConflictError
from source.domain.interactions import Interactions
from source.domain.memory import MemorySource
from source.domain.message import Message, Standing
from source.domain.thread import PersonRef, Platform
from source.domain.turn import TurnRecord
from source.ports.people import PeopleQuery
from source.ports.privacy import Rewritten
from tests.fakes.clock import FakeClock
from tests.fakes.records_desk import RecordsDesk
from tests.fakes.store_samples import ANN, BEN, GUILD, MAIN, NOW, head, said

MODEL: Final = MemorySource.MODEL
CLEO: Final = PersonRef("cleo", "Cleo")


@pytest.fixture
def table(sql_store: SqlStore) -> InteractionTable:
    return InteractionTable(sql_store)


async def counted_of(store: SqlStore, who: PersonRef, platform: Platform = Platform.TERMINAL) -> Interactions:
    [person] = await PeopleTable(store).people(PeopleQuery(platform, who.external_id))
    assert await PeopleTable(store).person(person.person_id) == person
    return person.interactions


async def commit(store: SqlStore, conversation: ConversationHead, *messages: Message) -> None:
    people = {each for each in (ANN, BEN, CLEO) for message in messages if message.requester == each.external_id}
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), tuple(people)))


async def test_a_person_is_counted_as_they_speak(sql_store: SqlStore) -> None:
    first, second = head(is_active=False), head(is_active=False)
    await commit(sql_store, first, said(after=60), said("Yes", by=None, after=61), said(after=30))
    await commit(sql_store, second, said(after=90))
    expected = Interactions(2, 3, NOW + timedelta(seconds=30), NOW + timedelta(seconds=90))
    assert await counted_of(sql_store, ANN) == expected


async def test_the_same_id_on_another_platform_is_somebody_else(sql_store: SqlStore) -> None:
    await commit(sql_store, head(thread=MAIN), said())
    await commit(sql_store, head(thread=GUILD), said(), said())
    assert (await counted_of(sql_store, ANN)).messages == 1
    assert (await counted_of(sql_store, ANN, Platform.DISCORD)).messages == 2


async def test_a_person_of_two_names_is_counted_under_both(sql_store: SqlStore) -> None:
    together = head(thread=GUILD)
    await commit(sql_store, together, said(), said(by=BEN, after=5))
    await commit(sql_store, head(thread=MAIN), said(by=BEN, after=9))
    await sql_store.change(all_are_one)
    expected = Interactions(2, 3, NOW, NOW + timedelta(seconds=9))
    assert await counted_of(sql_store, ANN, Platform.DISCORD) == expected


def all_are_one(connection: Connection, _now: object) -> None:
    one = connection.execute(select(aliases.c.person_id).limit(1)).scalar_one()
    connection.execute(aliases.update().values(person_id=one))


async def test_what_is_deleted_counts_no_more_and_what_comes_back_does(sql_store: SqlStore) -> None:
    conversation, words = head(), [said(after=seconds) for seconds in (0, 10, 20)]
    await commit(sql_store, conversation, *words)
    for gone in (words[0], words[2]):
        await sql_store.correct(conversation.conversation_id, replace(gone, standing=Standing.DELETED))
    middle = NOW + timedelta(seconds=10)
    assert await counted_of(sql_store, ANN) == Interactions(1, 1, middle, middle)
    await sql_store.correct(conversation.conversation_id, words[2])
    assert await counted_of(sql_store, ANN) == Interactions(1, 2, middle, NOW + timedelta(seconds=20))
    await ArchiveTable(sql_store).delete_conversations([conversation.conversation_id])
    assert await counted_of(sql_store, ANN) == Interactions()


async def test_an_intent_of_a_memory_is_theirs_whose_words_show_it(sql_store: SqlStore) -> None:
    conversation, order, other = head(), said("400 boxes"), said("And I am Ben", by=BEN)
    await commit(sql_store, conversation, order, other)
    memory = {
        "language": "en",
        "intents": [
            {"name": "order", "text": "Orders boxes", "message_ids": [order.message_id]},
            {"name": "greeting", "text": "They greet", "message_ids": []},
        ],
    }
    await MemoryTable(sql_store).put_memory(conversation.conversation_id, memory, source=MODEL)
    ann, ben = await counted_of(sql_store, ANN), await counted_of(sql_store, BEN)
    assert (ann.intents, ann.languages) == ({"greeting": 1, "order": 1}, {"en": 1})
    assert (ben.intents, ben.languages) == ({"greeting": 1}, {"en": 1})
    await sql_store.correct(conversation.conversation_id, replace(order, standing=Standing.DELETED))
    assert (await counted_of(sql_store, BEN)).intents == {}


@pytest.fixture
async def desk(sql_store: SqlStore, clock: FakeClock) -> AsyncIterator[RecordsDesk]:
    made = RecordsDesk(sql_store, clock)
    yield made
    await made.manager.shutdown()


async def test_a_summary_that_programs_keep_is_up_to_date(desk: RecordsDesk) -> None:
    record = await desk.make("user_summaries", user_id="ann")
    session = await desk.session(language="en")
    await desk.message(session, intent="order", language="fr")
    gone = await desk.message(session)
    [found] = await desk.found("user_summaries", filter={"total_messages": 2})
    assert (found["total_conversations"], found["intents"]) == (1, {"order": 1})
    assert int(str(found["version"])) > int(str(record["version"]))
    await desk.delete("messages", gone)
    assert (await desk.found("user_summaries"))[0]["total_messages"] == 1
    await desk.delete("sessions", session)
    [found] = await desk.found("user_summaries")
    assert (found["total_conversations"], found["total_messages"], found["intents"]) == (0, 0, {})
    assert found["first_interaction"] is None


async def test_who_joins_late_takes_part_in_what_it_was_about(desk: RecordsDesk) -> None:
    session = await desk.session(intents={"primary": "order"})
    await desk.make("user_summaries", user_id="ben")
    await desk.message(session, user_id="ben")
    [found] = await desk.found("user_summaries")
    assert (found["total_conversations"], found["intents"]) == (1, {"order": 1})


def spoil(connection: Connection, _now: object) -> None:
    connection.execute(interactions.update().values(messages=77))
    connection.execute(interaction_names.delete())


async def test_a_rebuild_puts_right_what_is_wrong_and_says_how_much(
    sql_store: SqlStore, desk: RecordsDesk, table: InteractionTable
) -> None:
    sessions = [await desk.session(language="en") for _ in range(3)]
    for session in sessions:
        await desk.message(session)
    before = await sql_store.read(everything)
    await sql_store.change(spoil)
    assert await sql_store.read(everything) != before
    step = await table.recount(limit=2)
    assert (step.checked, step.corrected, step.last) == (2, 2, sessions[1])
    assert (await table.recount(after=sessions[1])).corrected == 1
    assert await sql_store.read(everything) == before
    assert (await table.recount(after=sessions[2])).last is None
    assert (await table.recount(to=sessions[1])).checked == 2
    assert await table.steps(of=2) == [0, sessions[1]]


def everything(connection: Connection) -> list[list[tuple[object, ...]]]:
    tables = (interactions, interaction_names)
    rows = [sorted(map(tuple, connection.execute(select(each))), key=str) for each in tables]
    summaries = connection.execute(select(user_summaries)).all()
    figures = counted(connection, [row.user_id for row in summaries])
    for row in summaries:
        figure = figures[row.user_id]
        assert (row.total_messages, row.total_conversations) == (figure.total_messages, figure.total_conversations)
        assert (row.first_interaction, row.last_interaction) == (figure.first_interaction, figure.last_interaction)
        assert row.intents == figure.intents
    return rows


class Anything:
    """Does whatever changes what is counted, by chance."""

    def __init__(self, store: SqlStore, desk: RecordsDesk, seed: int) -> None:
        self.store = store
        self.desk = desk
        self.chance = random.Random(seed)
        self.memories = MemoryTable(store)
        self.heads: list[ConversationHead] = []

    async def step(self) -> None:
        """Do one thing."""
        deeds: list[Callable[[], object]] = [
            self.begin, self.speak, self.speak, self.speak, self.speak_twice, self.correct, self.remember,
            self.forget, self.name_message, self.name_session, self.summarize, self.restore, self.delete,
            self.supersede, self.forget_some,
        ]  # fmt: skip
        deed = self.chance.choice(deeds) if self.heads else self.begin
        await deed()  # type: ignore[misc]  # all of them are coroutines

    async def begin(self) -> None:
        thread = replace(self.chance.choice([MAIN, GUILD]), thread_id=f"thread-{self.chance.random()}")
        made = head(thread=thread, requester=self.chance.choice([*self.people, None]))
        await self.store.commit_turn(TurnRecord(made.conversation_id, heads=(made,)))
        self.heads.append(made)

    people = ("ann", "ben", "cleo")

    def word(self) -> Message:
        who = self.chance.choice([None, ANN, BEN, CLEO])
        return said(by=who, after=self.chance.randint(-1_000, 1_000))

    async def speak(self) -> None:
        await self.store.commit_turn(TurnRecord(self.chosen(), (self.word(),)))

    async def speak_twice(self) -> None:
        await self.store.commit_turn(TurnRecord(self.chosen(), (self.word(), self.word())))

    def chosen(self) -> int:
        return self.chance.choice(self.heads).conversation_id

    async def some(self) -> tuple[int, Message] | None:
        stored = await self.store.load(key := self.chosen())
        assert stored is not None
        return (key, self.chance.choice(stored.messages)) if stored.messages else None

    async def correct(self) -> None:
        if found := await self.some():
            key, message = found
            await self.store.correct(key, replace(message, standing=self.chance.choice(list(Standing))))

    async def supersede(self) -> None:
        if found := await self.some():
            key, message = found
            await self.store.commit_turn(TurnRecord(key, (self.word(),), superseded=(message.message_id,)))

    async def remember(self) -> None:
        found = await self.some()
        cited = [] if found is None else [found[1].message_id]
        names = [{"name": self.chance.choice("xyz"), "message_ids": cited} for _ in range(2)]
        memory = {"language": self.chance.choice(["de", None]), "intents": names}
        with suppress(StoreConflictError):  # what shows the intents was taken back: nothing is kept
            await self.memories.put_memory(self.chosen() if found is None else found[0], memory, source=MODEL)

    async def forget(self) -> None:
        await self.memories.delete_memory(self.chosen())

    async def name_message(self) -> None:
        if (found := await self.some()) and found[1].is_kept:
            names = {"intent": self.chance.choice(["x", "y", None]), "language": self.chance.choice(["en", None])}
            await self.desk.records.change("messages", [found[1].message_id], names)

    async def name_session(self) -> None:
        names = {"intents": self.chance.choice([{"primary": "x"}, {"primary": 1}, None]), "language": "pt"}
        await self.desk.records.change("sessions", [self.chosen()], names)

    async def summarize(self) -> None:
        await self.desk.records.create("user_summaries", [{"user_id": self.chance.choice(self.people)}], partial=True)

    async def restore(self) -> None:
        stored = await self.store.load(self.chosen())
        assert stored is not None
        kept = tuple(replace(each, standing=Standing.KEPT) for each in stored.messages)
        await self.store.restore([replace(stored, messages=(*kept, self.word()))])

    async def forget_some(self) -> None:
        """Some of the messages go, some say nothing any more, and somebody did not take part."""
        stored = await self.store.load(self.chosen())
        assert stored is not None
        fates = [(message, self.chance.choice(["kept", "emptied", "removed"])) for message in stored.messages]
        who = self.chance.choice(self.people)
        emptied = [m.message_id for m, fate in fates if m.requester == who or fate == "emptied"]
        removed = [m.message_id for m, fate in fates if fate == "removed" and m.message_id not in emptied]
        change = Rewritten(stored.head, emptied, removed, names=[who], left_by=[who])
        await self.store.change(lambda connection, _now: rewrite(connection, change))

    async def delete(self) -> None:
        gone = self.heads.pop(self.chance.randrange(len(self.heads)))
        await ArchiveTable(self.store).delete_conversations([gone.conversation_id])


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_what_is_added_up_is_what_is_counted_anew(
    sql_store: SqlStore, desk: RecordsDesk, table: InteractionTable, seed: int
) -> None:
    anything = Anything(sql_store, desk, seed)
    for _ in range(60):
        await anything.step()
        added_up = await sql_store.read(everything)
        assert (await table.recount()).corrected == 0
        assert await sql_store.read(everything) == added_up
