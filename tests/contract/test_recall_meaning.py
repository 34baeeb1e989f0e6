"""What was said in other words, whatever the database."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from source.adapters.storage.conversation_deletion import deletion_of
from source.adapters.storage.embedding_table import EmbeddingTable
from source.adapters.storage.recall_table import RecallTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.recall.passages import RecallBudget
from source.domain.recall.related import RelatedWords
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.recall import EVERYTHING, Eyes
from source.ports.store import Scope
from source.services import recall_histories
from source.services.embedding_filler import EmbeddingFiller
from source.services.meaning import MOST_HELD_BYTES, Meaning
from source.services.recall import RecallService
from tests.fakes.clock import FakeClock
from tests.fakes.databases import rows
from tests.fakes.embedding_model import FakeEmbeddings
from tests.fakes.store_samples import ANN, BEN, GUILD, MAIN, head, said

BUDGET = RecallBudget(100_000)
SAID = ["My doctor is Lena Hartmann", "The red car is in the yard", "It rains all week", "We painted the fence green"]
QUESTION = "Which physician?"
PATIENT = timedelta(seconds=30)


class Searching:
    """A store that is searched by words and by a fake model."""

    def __init__(self, store: SqlStore, clock: FakeClock, *, most_held_bytes: int = MOST_HELD_BYTES) -> None:
        self.store = store
        self.model = FakeEmbeddings()
        self.table = EmbeddingTable(store)
        self.clock = clock
        self.meaning = Meaning(self.model, self.table, clock, deadline=PATIENT, most_held_bytes=most_held_bytes)
        self.service = RecallService(RecallTable(store), clock, RelatedWords(), meaning=self.meaning)

    async def say(
        self, texts: Iterable[str], *, thread: ThreadRef = MAIN, by: PersonRef = ANN, filled: bool = True
    ) -> int:
        """Say each in a conversation of its own, so that none is found for its neighbours; return the first one."""
        heads = []
        for text in texts:
            heads.append(head(thread=thread, requester=by.external_id, is_active=False))
            record = TurnRecord(heads[-1].conversation_id, (said(text, by=by),), (heads[-1],), (by,))
            await self.store.commit_turn(record)
        if filled:
            await self.fill()
        return heads[0].conversation_id

    async def fill(self) -> None:
        await EmbeddingFiller(self.model, self.table, self.clock).fill(lambda _done, _total: None)

    async def found(self, question: str = QUESTION, eyes: Eyes = EVERYTHING) -> list[str]:
        return [turn.said.text for turn in (await self.service.search(question, eyes, BUDGET)).turns]


@pytest.fixture
def searching(sql_store: SqlStore, clock: FakeClock) -> Searching:
    return Searching(sql_store, clock)


async def test_what_shares_no_word_with_the_question_is_found_by_its_meaning(searching: Searching) -> None:
    await searching.say(SAID)
    words_alone = RecallService(RecallTable(searching.store), searching.clock, RelatedWords())
    assert not await words_alone.search(QUESTION, EVERYTHING, BUDGET)
    assert await searching.found() == [SAID[0]]


async def test_a_question_whose_words_say_nothing_is_answered_by_its_meaning(searching: Searching) -> None:
    await searching.say([*SAID, "often"])
    assert await searching.found("often?") == ["often"]


async def test_what_bears_on_nothing_that_was_said_finds_nothing(searching: Searching) -> None:
    await searching.say(SAID)
    assert await searching.found("quantum chromodynamics") == []


async def test_vectors_that_are_made_later_are_found(searching: Searching) -> None:
    await searching.say(SAID, filled=False)
    assert await searching.found() == []
    await searching.fill()
    assert await searching.found() == [SAID[0]]
    await searching.say(["The GP prescribed tea", "The sofa is grey"], thread=GUILD)
    assert set(await searching.found()) == {SAID[0], "The GP prescribed tea"}


async def test_a_search_for_words_finds_only_what_holds_them(searching: Searching) -> None:
    await searching.say(SAID)
    budget = RecallBudget(100_000, holding_words=True)
    assert not await searching.service.search(QUESTION, EVERYTHING, budget)
    assert "Which physician?" not in searching.model.texts


async def test_while_the_model_is_away_searches_go_by_words_and_one_warning_is_written(
    searching: Searching, clock: FakeClock
) -> None:
    await searching.say(SAID)
    searching.model.is_away = True
    calls = searching.model.calls
    with capture_logs() as logs:
        assert await searching.found("the doctor") == [SAID[0]]
        assert await searching.found() == []
    assert searching.model.calls == calls + 1
    clock.advance(seconds=31)
    with capture_logs() as later:
        assert await searching.found() == []
    assert [entry["event"] for entry in [*logs, *later]] == ["recall_by_words_alone"]
    searching.model.is_away = False
    clock.advance(seconds=31)
    assert await searching.found() == [SAID[0]]


async def test_a_model_that_is_slow_is_not_waited_for(sql_store: SqlStore, clock: FakeClock) -> None:
    searching = Searching(sql_store, clock)
    await searching.say(SAID)
    meaning = Meaning(searching.model, searching.table, clock, deadline=timedelta(milliseconds=20))
    service = RecallService(RecallTable(sql_store), clock, RelatedWords(), meaning=meaning)
    searching.model.gate.clear()
    found = await service.search("the doctor", EVERYTHING, BUDGET)
    assert [turn.said.text for turn in found.turns] == [SAID[0]]


async def test_a_question_is_made_a_vector_once(searching: Searching) -> None:
    await searching.say(SAID)
    for _ in range(3):
        await searching.found()
    assert searching.model.texts.count(QUESTION) == 1
    searching.service.forget()
    await searching.found()
    assert searching.model.texts.count(QUESTION) == 2


async def test_what_somebody_else_said_is_not_found_by_its_meaning(searching: Searching) -> None:
    await searching.say(SAID)
    await searching.say(["The hound barks", "The physician of Ben is away"], thread=GUILD, by=BEN)
    assert await searching.found(eyes=Eyes((Scope(Platform.TERMINAL, "ann", None),))) == [SAID[0]]
    assert await searching.found(eyes=Eyes((Scope(Platform.DISCORD, "ann", None),))) == []
    assert len(await searching.found()) == 2


async def test_what_was_edited_or_deleted_is_not_found_by_its_old_meaning(searching: Searching, database: str) -> None:
    conversation_id = await searching.say(SAID)
    assert await searching.found() == [SAID[0]]
    rows(database, f"UPDATE messages SET content = 'The weather is fine' WHERE content = '{SAID[0]}'")
    assert await searching.found() == []
    await searching.fill()
    assert await searching.found() == []
    assert await searching.found("What about the weather?") == ["The weather is fine"]
    await searching.store.change(deletion_of(conversation_id))
    assert await searching.found("What about the weather?") == []


async def test_vectors_of_another_size_are_not_compared(searching: Searching, clock: FakeClock) -> None:
    await searching.say(SAID)
    await searching.found()
    searching.service.forget()
    searching.model.size = 32
    assert await searching.found("the doctor") == [SAID[0]]
    assert await searching.found() == []
    await searching.say(["The sofa is grey"], thread=GUILD)
    assert await searching.found() == [SAID[0]]


async def test_of_a_long_history_what_holds_a_word_is_ranked_by_its_meaning_too(
    searching: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 3)
    texts = [*["The appointment was moved"] * 3, "The appointment with the doctor", "nothing of it"]
    await searching.say(texts)
    assert (await searching.found("appointment physician"))[0] == "The appointment with the doctor"


async def test_of_a_long_history_nothing_is_compared_where_nobody_said_a_word(
    searching: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", 3)
    await searching.say(SAID)
    assert await searching.found("zebra") == []


async def test_no_more_vectors_are_held_than_may_be(sql_store: SqlStore, clock: FakeClock) -> None:
    searching = Searching(sql_store, clock, most_held_bytes=3_000)
    await searching.say(SAID)
    await searching.say(["The vet is a hound"], thread=GUILD)
    scopes = [Scope(Platform.TERMINAL, "ann", None), Scope(Platform.DISCORD, "ann", "7")]
    for eyes in [EVERYTHING, *(Eyes((scope,)) for scope in scopes)] * 2:
        await searching.found(eyes=eyes)
        assert searching.meaning.held_bytes <= 3_000
    assert searching.meaning.held_bytes
    assert await searching.found() == [SAID[0]]
