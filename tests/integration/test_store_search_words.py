"""What a search finds is the same in every database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.databases import KINDS, database_of
from tests.fakes.store_samples import head, said


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    with database_of(request.param, tmp_path) as url:
        store = await SqlStore.open(url, clock=FakeClock(), durability="normal")
        yield store
        await store.close()


async def _say(store: SqlStore, *texts: str) -> None:
    conversation = head(is_active=False)
    messages = tuple(said(text) for text in texts)
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))


async def _found(store: SqlStore, words: str) -> list[str]:
    return [hit.message.message_content for hit in await store.search(words, limit=50)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("She was running to the café", "runs cafe"),
        ("Ångström and naïve", "angstrom"),
        ("tiếng Việt", "TIENG viet"),
        ("ΑΘΗΝΑ", "αθηνα"),
        ("Ёлка в лесу", "ёлка"),
        ("e\u0301t\u0301e\u0301", "été"),
        ("don't stop", "don't"),
        ("see example.com/a-b", "example.com"),
        ("see example.com/a-b", "a-b"),
        ("write to ann@example.org now", "example.org"),
        ("it costs 3.14 or 1e5", "1e5"),
        ("“quoted” words", "quoted"),
        ("my mother-in-law", "mother-in-law"),
        ("the and of to", "the of"),
        ("as is", "is"),
        ("party 🎉 tonight", "🎉"),
        ("half is ½", "½"),
        ("100% sure_thing", "100%"),
        ("100% sure_thing", "sure"),
        ("预算Budget", "预算budget"),
        ("हिन्दी में", "हिन्दी"),
        ("مرحبا بك", "مرحبا"),
    ],
)
async def test_words_are_found_in_their_other_forms(store: SqlStore, text: str, words: str) -> None:
    await _say(store, text, "unrelated")
    assert await _found(store, words) == [text]


@pytest.mark.parametrize(
    ("text", "words"),
    [("I am here", "is"), ("Ёлка", "елка"), ("reading", "ready"), ("a b", "a-c"), ("one two", "onetwo")],
)
async def test_other_words_are_not_found(store: SqlStore, text: str, words: str) -> None:
    await _say(store, text)
    assert await _found(store, words) == []


async def test_words_in_two_kinds_of_script_are_looked_for_together(store: SqlStore) -> None:
    await _say(store, "预算 budget for May", "budget only", "只有预算")
    found = await _found(store, "budget 预算")
    assert found[0] == "预算 budget for May"
    assert sorted(found[1:]) == sorted(["budget only", "只有预算"])


async def test_a_word_alone_comes_before_the_same_word_in_a_long_text(store: SqlStore) -> None:
    await _say(store, "harbour " + "and much else of other things " * 30, "the harbour")
    assert (await _found(store, "harbour"))[0] == "the harbour"


async def test_what_is_said_often_is_found_newest_first(store: SqlStore) -> None:
    await _say(store, *(f"ship {number:02}" for number in range(60)))
    assert await _found(store, "ship") == [f"ship {number:02}" for number in range(59, 9, -1)]


async def test_a_text_of_any_length_and_any_words_can_be_kept(store: SqlStore) -> None:
    odd = ("lighthouse " + "x" * 10_000, "lighthouse " + " ".join(f"w{number}" for number in range(60_000)))
    texts = (*odd, "lighthouse " + "世🚢" * 200_000, "lighthouse " + "İ" * 90_000)
    await _say(store, *texts)
    assert sorted(await _found(store, "lighthouse")) == sorted(texts)
