"""Reading a history for recall: the same on every database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from source.adapters.storage import recall_likely
from source.adapters.storage.recall_reading import speaker_key
from source.adapters.storage.recall_table import RecallTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import aliases
from source.domain.message import Message, MessageType, Standing
from source.domain.recall.passages import RecallBudget
from source.domain.recall.question import Question
from source.domain.recall.related import RelatedWords
from source.domain.recall.terms import stem
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.recall import EVERYTHING, Eyes, Sought, StoredTurn
from source.ports.store import Scope
from source.services import recall_histories
from source.services.recall import RecallService
from tests.contract.test_store_linked_accounts import _same_person
from tests.fakes.clock import FakeClock
from tests.fakes.recall_looks import RecallLooks
from tests.fakes.store_samples import ANN, BEN, CLOSED, GUILD, MAIN, NOW, head, inbound, said


@pytest.fixture
def table(sql_store: SqlStore) -> RecallLooks:
    return RecallLooks(RecallTable(sql_store))


@pytest.fixture(params=[200_000, 0], ids=["outlined", "by hits"])
def most_outlined(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sees everything has an outline of it, or it is too much for one."""
    monkeypatch.setattr(recall_likely, "_MOST_OUTLINED", request.param)


async def say(
    store: SqlStore, *spoken: Message | str, thread: ThreadRef = MAIN, by: PersonRef = ANN, key: int | None = None
) -> int:
    """Put what was said into a conversation of its own, or into that one."""
    conversation = head(thread=thread, requester=by.external_id, is_active=False)
    heads = (conversation,) if key is None else ()
    said_there = tuple(said(each, by=by) if isinstance(each, str) else each for each in spoken)
    target = conversation.conversation_id if key is None else key
    await store.commit_turn(TurnRecord(target, said_there, heads, people=(by,)))
    return target


async def _likely(table: RecallLooks, *words: str, eyes: Eyes = EVERYTHING, limit: int = 40) -> list[str]:
    return [turn.said.text for turn in await likely(table, *words, eyes=eyes, limit=limit)]


async def likely(table: RecallLooks, *words: str, eyes: Eyes = EVERYTHING, limit: int = 40) -> Sequence[StoredTurn]:
    """Return what a long history has of words."""
    sought = Sought(words, Question(tuple(map(stem, words))))
    return (await table.likely(sought, eyes, limit=limit)).turns


async def _seen(table: RecallLooks, eyes: Eyes) -> set[str]:
    """Return what these eyes see by every way of reading."""
    extent = await table.extent(eyes, most_conversations=100)
    read = await table.said_in(dict.fromkeys(extent.last_message_ids, 0), limit=100)
    everything = await table.said_in(
        dict.fromkeys((await table.extent(EVERYTHING, most_conversations=100)).last_message_ids, 0), limit=100
    )
    told = {each.said.text for each in await table.told([turn.key for turn in everything], eyes)}
    likely = set(await _likely(table, "word", eyes=eyes))
    assert {turn.text for turn in read} == told == likely
    return told


async def test_what_was_said_is_read_in_order_with_who_said_it(sql_store: SqlStore, table: RecallLooks) -> None:
    key = await say(sql_store, said("one", by=ANN), said("two", by=None), said("three", by=BEN))
    extent = await table.extent(EVERYTHING, most_conversations=10)
    turns = await table.said_in({key: 0}, limit=10)
    assert [(turn.text, turn.speaker) for turn in turns] == [
        ("one", "terminal:ann"),
        ("two", None),
        ("three", "terminal:ben"),
    ]
    assert extent.last_message_ids == {key: turns[-1].message_id}
    assert extent.is_whole
    assert extent.people == {"terminal:ann": "Ann"}
    assert turns[0].said_at == NOW


async def test_only_what_came_after_is_read(sql_store: SqlStore, table: RecallLooks) -> None:
    key = await say(sql_store, "one", "two")
    other = await say(sql_store, "elsewhere")
    (first, _) = await table.said_in({key: 0}, limit=10)
    found = await table.said_in({key: first.message_id, other: 0}, limit=10)
    assert {turn.text for turn in found} == {"two", "elsewhere"}
    assert len(await table.said_in({key: 0, other: 0}, limit=2)) == 2
    assert await table.said_in({}, limit=10) == []


async def test_nothing_is_there_at_first(table: RecallLooks) -> None:
    extent = await table.extent(EVERYTHING, most_conversations=10)
    assert (extent.last_message_ids, extent.people, extent.is_whole) == ({}, {}, True)
    assert await _likely(table, "word") == []
    assert await table.told([], EVERYTHING) == []


async def test_of_too_many_conversations_the_newest_are_told(sql_store: SqlStore, table: RecallLooks) -> None:
    keys = [await say(sql_store, f"word {number}", by=PersonRef(f"p{number}", f"P{number}")) for number in range(4)]
    extent = await table.extent(EVERYTHING, most_conversations=2)
    assert not extent.is_whole
    assert set(extent.last_message_ids) == set(keys[2:])
    assert {"P2", "P3"} <= set(extent.people.values())
    assert (await table.extent(EVERYTHING, most_conversations=4)).is_whole


@pytest.mark.usefixtures("most_outlined")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We met in the café", ["cafe"]),
        ("We met in the cafe\u0301", ["cafe"]),
        ("Ein schöner Tag", ["schoner"]),
        ("She was hiking", ["hike"]),
        ("The lean startup", ["lean startup"]),
        ("我们在会议室见面", ["会议"]),
        ("我们在会议室见面", ["会议 议室"]),
        ("พบกันที่ห้องประชุม", ["ปร"]),
        ("회의실에서 봅시다", ["회의실에서"]),
        ("It's 24/7", ["24"]),
    ],
)
async def test_a_long_history_is_looked_through_by_words(
    sql_store: SqlStore, table: RecallLooks, text: str, words: list[str]
) -> None:
    await say(sql_store, text)
    await say(sql_store, "a startup that is lean on its own", "猫")
    assert await _likely(table, *words) == [text]


@pytest.mark.usefixtures("most_outlined")
async def test_words_that_nobody_said_find_nothing(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, "plain text")
    assert await _likely(table, "zebra") == []
    assert await _likely(table, "会议") == []
    assert await _likely(table) == []


async def test_what_stands_around_a_hit_comes_with_it_and_nothing_from_elsewhere(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(sql_store, *(f"here {number}" for number in range(4)), "the zebra", *(f"there {n}" for n in range(4)))
    await say(sql_store, "elsewhere")
    near = ["here 2", "here 3", "the zebra", "there 0", "there 1"]
    assert await _likely(table, "zebra", limit=5) == near
    assert await _likely(table, "zebra") == ["here 0", "here 1", *near, "there 2", "there 3"]
    monkeypatch.setattr(recall_likely, "_MOST_OUTLINED", 0)
    assert await _likely(table, "zebra") == near


@pytest.mark.usefixtures("most_outlined")
async def test_those_with_more_and_rarer_words_come_first(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, *(f"a boat {number}" for number in range(6)))
    await say(sql_store, "a zebra")
    await say(sql_store, "a zebra in a boat")
    assert await _likely(table, "boat", "zebra", limit=1) == ["a zebra in a boat"]


async def test_of_two_that_are_read_the_second_has_the_rarer_word(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, *(f"a boat {number}" for number in range(6)))
    await say(sql_store, "a zebra")
    await say(sql_store, "a zebra in a boat")
    assert await _likely(table, "boat", "zebra", limit=2) == ["a zebra", "a zebra in a boat"]


@pytest.mark.usefixtures("most_outlined")
async def test_what_no_index_has_yet_is_found(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, "the first zebra")
    assert await _likely(table, "zebra") == ["the first zebra"]
    await say(sql_store, "the last zebra")
    assert await _likely(table, "zebra") == ["the first zebra", "the last zebra"]


@pytest.mark.usefixtures("most_outlined")
async def test_a_place_sees_what_was_said_there(sql_store: SqlStore, table: RecallLooks) -> None:
    other = ThreadRef(Platform.DISCORD, "99", guild_id="8", guild_name="Elsewhere")
    dm = ThreadRef(Platform.DISCORD, "dm")
    for thread, text in ((dm, "word direct"), (GUILD, "word guild"), (CLOSED, "word staff"), (other, "word elsewhere")):
        await say(sql_store, text, thread=thread)
    await say(sql_store, "word of Ben", thread=ThreadRef(Platform.DISCORD, "dm-ben"), by=BEN)

    def eyes(*scopes: Scope) -> Eyes:
        return Eyes(scopes)

    direct, guild = Scope(Platform.DISCORD, "ann", None), Scope(Platform.DISCORD, "ann", "7")
    staff = Scope(Platform.DISCORD, "ann", "7", "staff")
    assert await _seen(table, eyes(direct)) == {"word direct"}
    assert await _seen(table, eyes(guild)) == {"word guild"}
    assert await _seen(table, eyes(staff)) == {"word guild", "word staff"}
    assert await _seen(table, eyes(Scope(Platform.DISCORD, "ann", "8"))) == {"word elsewhere"}
    assert await _seen(table, eyes(Scope(Platform.DISCORD, "ben", "7"))) == set()
    assert await _seen(table, eyes(direct, Scope(Platform.DISCORD, "ben", None))) == set()
    assert await _seen(table, EVERYTHING) == {
        *("word direct", "word guild", "word staff", "word elsewhere", "word of Ben"),
    }


async def test_several_see_what_all_of_them_see(sql_store: SqlStore, table: RecallLooks) -> None:
    both = await say(sql_store, "word of both", thread=GUILD)
    await say(sql_store, said("word too", by=BEN), thread=GUILD, by=BEN, key=both)
    await say(sql_store, "word of Ann", thread=GUILD)
    ann, ben = Scope(Platform.DISCORD, "ann", "7"), Scope(Platform.DISCORD, "ben", "7")
    assert await _seen(table, Eyes((ann, ben))) == {"word of both", "word too"}
    assert (await table.extent(Eyes((ann, ben)), most_conversations=9)).askers == frozenset()


async def test_all_accounts_of_a_person_are_one(sql_store: SqlStore, table: RecallLooks) -> None:
    anna = PersonRef("4917", "Anna")
    await say(sql_store, "word direct", thread=ThreadRef(Platform.DISCORD, "dm"))
    await say(sql_store, "word by phone", thread=ThreadRef(Platform.WHATSAPP, "chat"), by=anna)
    await sql_store.change(_same_person(ANN, anna))
    for scope in (Scope(Platform.DISCORD, "ann", None), Scope(Platform.WHATSAPP, "4917", None)):
        eyes = Eyes((scope,))
        assert await _seen(table, eyes) == {"word direct", "word by phone"}
        askers = (await table.extent(eyes, most_conversations=9)).askers
        assert askers == {speaker_key("discord", "ann"), speaker_key("whatsapp", "4917")}


async def test_an_operator_sees_what_a_person_took_part_in_anywhere(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, "word direct", thread=ThreadRef(Platform.DISCORD, "dm"))
    await say(sql_store, "word guild", thread=GUILD)
    await say(sql_store, "word of Ben", thread=ThreadRef(Platform.DISCORD, "dm-ben"), by=BEN)
    (found,) = await _people_of(sql_store, "ann")
    eyes = Eyes(person_id=found)
    assert await _seen(table, eyes) == {"word direct", "word guild"}
    assert (await table.extent(eyes, most_conversations=9)).askers == {"discord:ann"}
    assert await _seen(table, Eyes(person_id=found + 1_000_000)) == set()


async def _people_of(store: SqlStore, external_id: str) -> set[int]:
    query = select(aliases.c.person_id).where(aliases.c.external_id == external_id)
    return set(await store.read(lambda connection: connection.execute(query).scalars().all()))


@pytest.mark.usefixtures("most_outlined")
async def test_what_is_no_chat_or_was_superseded_or_deleted_is_not_read(
    sql_store: SqlStore, table: RecallLooks
) -> None:
    hidden = [
        Message(NOW, kind, "word hidden", message_id=1_000_000 + number)
        for number, kind in enumerate(MessageType)
        if kind is not MessageType.CHAT
    ]
    first, old, gone = said("word kept"), said("word old", by=None), said("word gone")
    key = await say(sql_store, first, old, gone, *hidden)
    new = said("word new", by=None)
    await sql_store.commit_turn(TurnRecord(key, (new,), superseded=(old.message_id,)))
    await sql_store.correct(key, replace(gone, message_content="", standing=Standing.DELETED))
    assert await _seen(table, EVERYTHING) == {"word kept", "word new"}


@pytest.mark.usefixtures("most_outlined")
async def test_an_edited_message_is_found_as_it_reads_now(sql_store: SqlStore, table: RecallLooks) -> None:
    spoken = said("a word of zebras")
    key = await say(sql_store, spoken)
    edited = replace(spoken, message_content="a word of lions", edited_at=NOW + timedelta(minutes=1))
    await sql_store.correct(key, edited)
    assert await _seen(table, EVERYTHING) == {"a word of lions"}
    assert await _likely(table, "zebra") == []
    assert await _likely(table, "lion") == ["a word of lions"]


async def test_questions_have_the_same_answers_in_a_long_history(
    sql_store: SqlStore, table: RecallLooks, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(sql_store, "I went to the café with Ben", "oh well", "we met at 会议室 too", thread=GUILD)
    await say(sql_store, "The lean startup is what I read", "A startup so lean", thread=GUILD)
    await say(sql_store, *(f"nothing number {number}" for number in range(8)), thread=GUILD)
    eyes = Eyes((Scope(Platform.DISCORD, "ann", "7"),))
    asked = {
        "Which cafe?": "I went to the café with Ben",
        '"lean startup"': "The lean startup is what I read",
        "会议室": "we met at 会议室 too",
    }
    for most in (10_000, 3):
        monkeypatch.setattr(recall_histories, "MOST_TURNS", most)
        service = RecallService(table.store, clock, RelatedWords())
        for query, answer in asked.items():
            found = await service.search(query, eyes, RecallBudget(4_000))
            assert found.turns[0].said.text == answer, (most, query)
            assert found.turns[0].thread == GUILD
        assert len((await service.search('"lean startup"', eyes, RecallBudget(4_000))).turns) == 1


async def test_a_message_is_told_with_where_it_was_said(sql_store: SqlStore, table: RecallLooks) -> None:
    event = await sql_store.accept(inbound("word", event_id="e9", thread=GUILD))
    assert event is not None
    key = await say(sql_store, said("word", event_id="e9"), thread=GUILD)
    (turn,) = await table.said_in({key: 0}, limit=1)
    (told,) = await table.told([turn.key], EVERYTHING)
    assert (told.thread, told.event_id, told.said) == (GUILD, "e9", turn)
    assert await table.told([(turn.conversation_id + 1, turn.message_id)], EVERYTHING) == []


async def test_what_changed_since_a_revision_is_told_by_its_conversation(
    sql_store: SqlStore, table: RecallLooks
) -> None:
    one, two = await say(sql_store, "word"), await say(sql_store, "word")
    before = (await table.extent(EVERYTHING, most_conversations=9)).revision
    await _change(sql_store, two)
    after = await table.extent(EVERYTHING, most_conversations=9, since=before)
    assert (after.revision > before, after.changed) == (True, {two})
    same = await table.extent(EVERYTHING, most_conversations=9, since=after.revision)
    assert (same.revision, same.changed) == (after.revision, frozenset())
    await _change(sql_store, one)
    assert (await table.extent(EVERYTHING, most_conversations=9, since=before)).changed == {one, two}


async def test_what_changed_before_anything_was_noted_is_not_known(sql_store: SqlStore, table: RecallLooks) -> None:
    key = await say(sql_store, "word")
    assert (await table.extent(EVERYTHING, most_conversations=9, since=None)).changed is None
    assert (await table.extent(EVERYTHING, most_conversations=9, since=-5)).changed is None
    await _change(sql_store, key)
    assert (await table.extent(EVERYTHING, most_conversations=9, since=-5)).changed is None


async def test_what_strangers_say_often_hides_nothing(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of the newest messages with a word are others'."""
    monkeypatch.setattr(recall_likely, "_MOST_HOLDING", 5)
    mine = await say(sql_store, "the lighthouse is mine", thread=GUILD)
    await say(sql_store, *(f"lighthouse {number}" for number in range(12)), by=BEN)
    eyes = Eyes((Scope(Platform.DISCORD, "ann", "7"),))
    found = await likely(table, "lighthouse", eyes=eyes, limit=10)
    assert [(turn.said.conversation_id, turn.said.text) for turn in found] == [(mine, "the lighthouse is mine")]


@pytest.mark.usefixtures("most_outlined")
async def test_of_what_holds_a_word_the_newest_is_looked_at(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_likely, "_MOST_HOLDING", 2)
    for number in range(6):
        await say(sql_store, f"lighthouse {number}")
    assert await _likely(table, "lighthouse", limit=1) == ["lighthouse 5"]
    assert sorted(await _likely(table, "lighthouse", limit=10))[-2:] == ["lighthouse 4", "lighthouse 5"]


@pytest.mark.usefixtures("most_outlined")
async def test_the_conversation_that_is_before_ones_eyes_takes_no_room(sql_store: SqlStore, table: RecallLooks) -> None:
    await say(sql_store, "the lighthouse stands")
    now = await say(sql_store, *(f"lighthouse {number}" for number in range(5)))
    found = await likely(table, "lighthouse", eyes=Eyes(besides=now), limit=2)
    assert [turn.said.text for turn in found] == ["the lighthouse stands"]


async def test_a_long_history_is_asked_for_days_and_in_other_words(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 1)
    await say(sql_store, replace(said("we sat by the river"), created_at=NOW - timedelta(days=40)))
    await say(sql_store, "I bought a kayak", "nothing new")
    related = RelatedWords(meant={stem("hobby"): (stem("kayak"),)})
    service = RecallService(table.store, FakeClock(NOW), related)
    eyes = Eyes((Scope(Platform.TERMINAL, "ann", None),))
    for question, answer in {
        "What did we talk about 40 days ago?": "we sat by the river",
        "Which hobby is mine?": "I bought a kayak",
    }.items():
        found = await service.search(question, eyes, RecallBudget(4_000))
        assert found.turns[0].said.text == answer


@pytest.mark.usefixtures("most_outlined")
@pytest.mark.parametrize(
    "query", ["海岸の灯台で会いました" * 100, "lighthouse keeper " * 500], ids=["unspaced", "words"]
)
async def test_a_long_question_is_looked_for_in_a_long_history(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 1)
    await say(sql_store, "the lighthouse keeper", "海岸の灯台", "nothing")
    found = await RecallService(table.store, FakeClock(), RelatedWords()).search(query, EVERYTHING, RecallBudget(4_000))
    assert found


@pytest.mark.usefixtures("most_outlined")
async def test_everybody_who_spoke_in_a_long_history_is_known_by_name(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_CONVERSATIONS", 1)
    await say(sql_store, "the lighthouse fell", by=BEN)
    for _ in range(3):
        await say(sql_store, "the lighthouse stands")
    service = RecallService(table.store, FakeClock(), RelatedWords())
    found = await service.search("What did Ben say about the lighthouse?", EVERYTHING, RecallBudget(4_000))
    assert (found.turns[0].who, found.turns[0].said.text) == ("Ben", "the lighthouse fell")


@pytest.mark.usefixtures("most_outlined")
async def test_what_somebody_said_is_found_in_a_long_history_without_another_word(
    sql_store: SqlStore, table: RecallLooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_CONVERSATIONS", 1)
    await say(sql_store, "the lighthouse fell", by=BEN)
    for _ in range(3):
        await say(sql_store, "nothing of note")
    service = RecallService(table.store, FakeClock(), RelatedWords())
    found = await service.search("What did Ben say?", EVERYTHING, RecallBudget(4_000))
    assert found.turns[0].said.text == "the lighthouse fell"
    hers = Eyes((Scope(Platform.TERMINAL, "ann", None),))
    assert "fell" not in (await service.search("What did Ben say?", hers, RecallBudget(4_000))).text


async def _change(store: SqlStore, conversation_id: int) -> None:
    stored = await store.load(conversation_id)
    assert stored is not None
    message = stored.messages[0]
    await store.correct(conversation_id, replace(message, message_content=message.message_content + "!"))
