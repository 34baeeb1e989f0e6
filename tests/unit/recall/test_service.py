"""Searching: what is held ready, what is read again, and what is shown."""

import asyncio
import gc

import pytest

from source.domain.fact import Fact, FoundFact, KnownFact
from source.domain.memory import MemoryPart
from source.domain.offline_notice import OPENING
from source.domain.recall.index import SaidIndex
from source.domain.recall.passages import RecallBudget
from source.domain.recall.related import RelatedWords
from source.domain.thread import Platform
from source.ports.recall import EVERYTHING, Eyes
from source.ports.store import Scope
from source.services import recall_histories
from source.services.recall import RecallService
from source.services.recalled_facts import RecalledFacts
from tests.fakes.clock import FakeClock
from tests.fakes.recall_store import InMemoryRecallStore
from tests.unit.recall.made import BEGAN

BUDGET = RecallBudget(4_000)
WORDS = RecallBudget(4_000, holding_words=True)
ANN = Eyes((Scope(Platform.WEB, "ann", None),))
BEN = Eyes((Scope(Platform.WEB, "ben", None),))


@pytest.fixture
def store() -> InMemoryRecallStore:
    return InMemoryRecallStore()


@pytest.fixture
def service(store: InMemoryRecallStore) -> RecallService:
    return RecallService(store, FakeClock(), RelatedWords())


async def _texts(
    service: RecallService, query: str, eyes: Eyes = EVERYTHING, budget: RecallBudget = BUDGET
) -> list[str]:
    return [turn.said.text for turn in (await service.search(query, eyes, budget)).turns]


async def test_of_an_empty_history_nothing_is_found(service: RecallService) -> None:
    assert not await service.search("What did Ana say?", EVERYTHING, BUDGET)


async def test_what_bears_on_a_question_is_found(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The dog ran away")
    store.say("A fine day", conversation=2)
    assert await _texts(service, "Where is the dog?") == ["The dog ran away"]


async def test_a_new_message_is_found_and_the_rest_is_not_read_again(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say("The dog ran away", "oh well")
    store.say("A fine day", conversation=2)
    await service.search("dog", EVERYTHING, BUDGET)
    store.say("The dog came back")
    assert "The dog came back" in await _texts(service, "dog")
    await service.search("dog", EVERYTHING, BUDGET)
    assert store.read == [3, 1]


async def test_what_was_changed_is_found_as_it_is_now(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The dog ran away", "The cat stayed")
    await service.search("dog", EVERYTHING, BUDGET)
    store.change("The dog ran away", "The horse ran away")
    assert await _texts(service, "dog", budget=WORDS) == []
    assert await _texts(service, "horse", budget=WORDS) == ["The horse ran away"]
    assert store.read == [2, 2]


async def test_what_was_deleted_is_not_shown(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The dog ran away", "The dog slept")
    await service.search("dog", EVERYTHING, BUDGET)
    store.change("The dog slept", None)
    assert await _texts(service, "dog") == ["The dog ran away"]


async def test_who_may_no_longer_see_a_conversation_finds_nothing_of_it(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say("The dog ran away")
    store.say("The dog slept", conversation=2)
    store.visible = {ANN: {1, 2}, BEN: {2}}
    assert set(await _texts(service, "dog", ANN)) == {"The dog ran away", "The dog slept"}
    assert await _texts(service, "dog", BEN) == ["The dog slept"]
    store.visible[ANN] = {2}
    assert await _texts(service, "dog", ANN) == ["The dog slept"]


async def test_i_is_the_one_who_asks(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The dog is brown", speaker="web:ben")
    store.say("The dog is brown", conversation=2, speaker="web:ana")
    store.askers = frozenset({"web:ana"})
    found = await service.search("What did I say about the dog?", EVERYTHING, BUDGET)
    assert [turn.who for turn in found.turns] == ["Ana", "Ben"]


async def test_a_notice_that_echo_is_offline_is_no_answer(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("Is the dog brown?")
    store.say(f"{OPENING}, and no dog", speaker=None)
    assert await _texts(service, "dog") == ["Is the dog brown?"]


async def test_echo_is_named_and_others_by_the_name_they_have_now(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say("A dog", speaker=None)
    store.say("A dog", speaker="web:stranger", conversation=2)
    assert {turn.who for turn in (await service.search("dog", EVERYTHING, BUDGET)).turns} == {"Echo", "web:stranger"}


async def test_words_in_quotation_marks_must_stand_together(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The lean startup is a book", "A startup that is lean", "Lean startups, the book")
    for query in ('"lean startup"', "„Lean Startup”", "«LEAN STARTUP»"):
        assert await _texts(service, query) == ["The lean startup is a book"], query
    assert await _texts(service, 'book "lean startup"', budget=WORDS) == ["The lean startup is a book"]
    assert await _texts(service, '"lean book"') == []
    assert await _texts(service, '"the book" "lean startups"') == ["Lean startups, the book"]


async def test_words_that_tell_nothing_are_found_together(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("To be or not to be", "Not to be and to be")
    assert await _texts(service, '"to be or not"') == ["To be or not to be"]


async def test_scripts_without_spaces_are_quoted_too(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("我们在会议室见面", "会议 的 室", "猫在这里")
    assert await _texts(service, '"会议室"') == ["我们在会议室见面"]
    assert await _texts(service, '"我们在会议"') == ["我们在会议室见面"]


async def test_a_question_with_a_quotation_shows_who_said_it_first(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say("Ana read a book, a fine book, the book of books", conversation=1)
    store.say("So I began with the Lean Startup", conversation=2)
    found = await _texts(service, 'Which book was "The Lean Startup" to Ana?')
    assert found[0] == "So I began with the Lean Startup"
    assert len(found) == 2


async def test_a_long_history_is_looked_through_by_its_words(
    service: RecallService, store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 3)
    store.say("The dog ran away", "one", "two", "three")
    assert await _texts(service, "What about the dog?") == ["The dog ran away"]
    assert await _texts(service, '"dog ran"') == ["The dog ran away"]
    assert store.looked_for == [("dog",), ("dog ran",)]
    assert store.read == [4]  # that it is long is found out once


async def test_of_a_long_history_the_words_of_everybody_who_is_named_are_looked_at(
    service: RecallService, store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 3)
    store.say("The dog ran away", "one", "two", speaker=None)
    store.say("A heron", speaker="web:ana")
    store.say("A boat", speaker="web:ben")
    found = await _texts(service, "What did Ana think of Ben?", budget=RecallBudget(4_000, bearing_only=False))
    assert set(found) == {"A heron", "A boat"}


class OneFact:
    """Knows one thing of everybody."""

    def __init__(self, text: str) -> None:
        self._known = [KnownFact(Fact(1, 1, FoundFact(1, MemoryPart.FACTS, text, text, None, (1,), BEGAN)))]

    async def known(self, _scope: Scope) -> list[KnownFact]:
        return self._known

    async def of_person(self, _person_id: int) -> list[KnownFact]:
        return self._known

    def forget(self) -> None:
        self._known = []


async def test_what_is_known_is_told_also_where_nothing_of_a_long_history_bears_on_it(
    store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 3)
    store.say("The dog ran away", "one", "two", "three")
    facts = RecalledFacts(OneFact("Their favourite animal is a zebra"), RelatedWords())
    service = RecallService(store, FakeClock(), RelatedWords(), facts=facts)
    found = await service.search("What about the zebra?", ANN, BUDGET)
    assert [turn.said.text for turn in found.turns] == ["Their favourite animal is a zebra"]


async def test_a_history_of_too_many_conversations_is_long(
    service: RecallService, store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_CONVERSATIONS", 2)
    for number in (1, 2, 3):
        store.say(f"dog number {number}", conversation=number)
    assert len(await _texts(service, "dog")) == 3
    assert store.read == []


async def test_a_long_history_that_became_short_is_read_again_after_a_while(
    store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    service = RecallService(store, clock, RelatedWords())
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 3)
    store.say("The dog ran away", "one", "two", "three")
    await service.search("dog", EVERYTHING, BUDGET)
    store.change("three", None)
    assert await _texts(service, "dog") == ["The dog ran away"]
    assert store.read == [4]
    clock.advance(minutes=11)
    assert "The dog ran away" in await _texts(service, "dog")
    assert store.read == [4, 3]


async def test_of_a_long_history_the_present_conversation_takes_no_room(
    service: RecallService, store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 3)
    monkeypatch.setattr(recall_histories, "_MOST_LIKELY", 2)
    store.say("The dog ran away", conversation=1)
    store.say("The dog slept", "The dog ate", "The dog barked", conversation=2)
    assert await _texts(service, "dog", Eyes(besides=2)) == ["The dog ran away"]


async def test_what_was_changed_in_one_conversation_leaves_the_others_as_they_were_read(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say("The dog ran away", "oh well", conversation=1)
    store.say("A fine day", conversation=2)
    await service.search("dog", EVERYTHING, BUDGET)
    store.change("A fine day", "A fine dog")
    assert "A fine dog" in await _texts(service, "dog", budget=WORDS)
    assert store.read == [3, 1]


async def test_what_was_changed_elsewhere_has_nothing_read_again(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.visible = {ANN: {1}}
    store.say("The dog ran away", conversation=1)
    store.say("A fine day", conversation=2)
    await service.search("dog", ANN, BUDGET)
    store.change("A fine day", None)
    assert await _texts(service, "dog", ANN) == ["The dog ran away"]
    assert store.read == [1]


async def test_of_what_is_gone_nothing_stays_in_memory(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The code is xyzzy")
    await service.search("code", EVERYTHING, BUDGET)
    store.change("The code is xyzzy", None)
    await service.search("code", EVERYTHING, BUDGET)
    gc.collect()
    assert not _indexes_with("xyzzi")


async def test_what_is_forgotten_is_gone_from_memory_before_anybody_asks_again(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say("The code is plugh", "A fine day")
    await service.search("code", EVERYTHING, BUDGET)
    assert _indexes_with("plugh")
    service.forget()
    gc.collect()
    assert not _indexes_with("plugh")


def _indexes_with(term: str) -> list[SaidIndex]:
    return [each for each in gc.get_objects() if isinstance(each, SaidIndex) and each.counts(term) is not None]


async def test_only_so_many_histories_are_held(
    service: RecallService, store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "_MOST_HELD", 1)
    store.say("The dog ran away")
    for eyes in (ANN, BEN, BEN, ANN):
        assert await _texts(service, "dog", eyes) == ["The dog ran away"]
    assert store.read == [1, 1, 1]


async def test_histories_that_are_too_much_together_are_not_held(
    service: RecallService, store: InMemoryRecallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "_MOST_HELD_TURNS", 3)
    store.say("The dog ran away", "one")
    for eyes in (ANN, BEN, ANN):
        await service.search("dog", eyes, BUDGET)
    assert store.read == [2, 2, 2]


async def test_nothing_is_held_after_forgetting(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The dog ran away")
    await service.search("dog", EVERYTHING, BUDGET)
    service.forget()
    assert store.is_forgotten
    await service.search("dog", EVERYTHING, BUDGET)
    assert store.read == [1, 1]


async def test_searches_at_once_read_a_history_once(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The dog ran away")
    found = await asyncio.gather(*(_texts(service, "dog") for _ in range(5)))
    assert found == [["The dog ran away"]] * 5
    assert store.read == [1]


async def test_what_is_held_takes_one_look(service: RecallService, store: InMemoryRecallStore) -> None:
    store.say("The dog ran away")
    store.silent = {7: 99}
    await service.search("dog", EVERYTHING, BUDGET)
    for silent in ({7: 99}, {}):
        store.silent = silent
        await service.search("dog", EVERYTHING, BUDGET)
        before = store.looks
        await service.search("dog", EVERYTHING, BUDGET)
        assert store.looks == before + 1


async def test_what_is_said_while_a_history_is_read_is_in_it_once(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say("The dog ran away")
    store.after_look = lambda: store.say("The dog slept") if len(store.said) == 1 else None
    for _ in range(2):
        found = await _texts(service, "dog", budget=WORDS)
    assert sorted(found) == ["The dog ran away", "The dog slept"]
    index = next(iter(service._histories._held.values())).index
    assert index is not None
    assert [turn.message_id for turn in index.turns] == [1, 2]


async def test_of_a_history_without_words_nothing_is_told_however_often_it_is_asked_for(
    store: InMemoryRecallStore,
) -> None:
    store.silent = {7: 99}
    facts = RecalledFacts(OneFact("Their favourite animal is a zebra"), RelatedWords())
    service = RecallService(store, FakeClock(), RelatedWords(), facts=facts)
    for _ in range(3):
        assert not await service.search("zebra", ANN, BUDGET)


async def test_what_is_forgotten_while_a_history_is_read_is_not_told(store: InMemoryRecallStore) -> None:
    store.say("A zebra ran away", conversation=2)
    known = OneFact("Their favourite animal is a zebra")
    service = RecallService(store, FakeClock(), RelatedWords(), facts=RecalledFacts(known, RelatedWords()))
    store.after_look = known.forget
    assert [turn.said.text for turn in (await service.search("zebra", ANN, BUDGET)).turns] == ["A zebra ran away"]


async def test_which_conversations_were_shown_is_told(store: InMemoryRecallStore) -> None:
    counted: list[list[int]] = []
    service = RecallService(store, FakeClock(), RelatedWords(), recalled=lambda keys: counted.append(sorted(keys)))
    store.say("The dog ran away")
    store.say("A fine day", conversation=2)
    await service.search("dog", EVERYTHING, BUDGET)
    assert counted == [[1]]


async def test_no_more_is_found_than_the_budget_has_room_for(
    service: RecallService, store: InMemoryRecallStore
) -> None:
    store.say(*(f"The dog ran {number} times" for number in range(200)))
    found = await service.search("dog", EVERYTHING, RecallBudget(500))
    assert len(found.turns) > 1
    assert found.size_bytes <= 500
    assert len((await service.search("dog", EVERYTHING, RecallBudget(100_000, 7))).turns) == 7
