"""Searching, whatever the store."""

import pytest

from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import Scope
from tests.contract.conftest import Store
from tests.fakes.store_samples import ANN, BEN, GUILD, MAIN, NOW, head, said

HOSTILE = [
    '"',
    '"unclosed',
    "*",
    "AND",
    "OR NOT",
    "NEAR(a b, 2)",
    "content:x",
    "a^2",
    "-x",
    "(",
    "x'; --",
    "%",
    "_",
    "\\",
]


async def _say(store: Store, *texts: str, thread: ThreadRef = MAIN, who: str = "ann") -> int:
    conversation = head(thread=thread, requester=who)
    messages = tuple(said(text, by=ANN if who == "ann" else BEN) for text in texts)
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    return conversation.conversation_id


async def _texts(store: Store, words: str, *, scope: Scope | None = None, limit: int = 10) -> list[str]:
    return [hit.message.message_content for hit in await store.search(words, scope=scope, limit=limit)]


async def test_a_message_is_found_at_once_with_its_place(store: Store) -> None:
    conversation_id = await _say(store, "The lighthouse keeper saw two ships", thread=GUILD)
    (hit,) = await store.search("lighthouse")
    assert (hit.conversation_id, hit.thread, hit.message.requester) == (conversation_id, GUILD, "ann")
    await store.commit_turn(TurnRecord(conversation_id, (said("Another lighthouse"),)))
    assert len(await store.search("LIGHTHOUSE")) == 2


async def test_messages_with_all_words_come_before_those_with_some(store: Store) -> None:
    await _say(store, "red red red", "red boat", "a boat", "nothing of it")
    found = await _texts(store, "red boat")
    assert found[0] == "red boat"
    assert sorted(found[1:]) == ["a boat", "red red red"]
    ranks = [hit.rank for hit in await store.search("red boat")]
    assert ranks == sorted(ranks)
    assert await _texts(store, "red boat", limit=1) == ["red boat"]


async def test_only_what_was_said_is_searched(store: Store) -> None:
    conversation = head()
    hidden = [
        Message(NOW, kind, "secret thought", message_id=number)
        for number, kind in enumerate(MessageType, start=1)
        if kind is not MessageType.CHAT
    ]
    await store.commit_turn(TurnRecord(conversation.conversation_id, tuple(hidden), (conversation,)))
    assert await store.search("secret") == []


async def test_nothing_said_elsewhere_is_found(store: Store) -> None:
    await _say(store, "mine, direct")
    await _say(store, "mine, in the guild", thread=GUILD)
    await _say(store, "not mine", thread=ThreadRef(Platform.TERMINAL, "other"), who="ben")
    assert await _texts(store, "mine", scope=Scope(Platform.TERMINAL, "ann", None)) == ["mine, direct"]
    assert await _texts(store, "mine", scope=Scope(Platform.DISCORD, "ann", "7")) == ["mine, in the guild"]
    assert await _texts(store, "mine", scope=Scope(Platform.DISCORD, "ann", None)) == []
    assert len(await _texts(store, "mine")) == 3


@pytest.mark.parametrize("words", HOSTILE)
async def test_whatever_is_typed_is_only_words(store: Store, words: str) -> None:
    await _say(store, "plain text")
    assert await store.search(words) == []


@pytest.mark.parametrize("words", ["", "  ", "\n", "\x00", "\ud800"])
async def test_a_search_for_nothing_finds_nothing(store: Store, words: str) -> None:
    await _say(store, "plain text")
    assert await store.search(words) == []


async def test_a_word_with_marks_around_it_is_still_found(store: Store) -> None:
    await _say(store, "the blue car")
    for typed in ('"blue"', "blue*", "(blue)", "blue?", "-blue"):
        assert await _texts(store, typed) == ["the blue car"]


@pytest.mark.parametrize(
    ("text", "word"), [("我们在会议室见面", "会议室"), ("พบกันที่ห้องประชุม", "ประชุม"), ("회의실에서 봅시다", "회의실")]
)
async def test_scripts_without_spaces_are_searched_by_what_a_text_contains(store: Store, text: str, word: str) -> None:
    await _say(store, text, "something else")
    assert await _texts(store, word) == [text]
    await _say(store, f"{text} elsewhere", thread=GUILD)
    assert await _texts(store, word, scope=Scope(Platform.TERMINAL, "ann", None)) == [text]


async def test_there_are_never_more_hits_than_asked_for(store: Store) -> None:
    await _say(store, *(f"ship number {number}" for number in range(30)))
    assert len(await store.search("ship")) == 10
    assert len(await store.search("ship number", limit=25)) == 25
