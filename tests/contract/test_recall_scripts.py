"""What was said in scripts whose words no stemmer knows is found by a part of a word: the same on every database."""

import pytest

from source.adapters.storage.recall_table import RecallTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.recall.passages import RecallBudget
from source.domain.recall.related import RelatedWords
from source.domain.turn import TurnRecord
from source.ports.recall import EVERYTHING
from source.services import recall_histories
from source.services.recall import RecallService
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import ANN, head, said

_CAT = "우리 고양이는 나비라고 해요"
_WEATHER = "오늘 날씨가 정말 좋네요"
_MEETING = "회의실에서 만나요"
_LUNCH = "𠮷野家でカレーを食べた"


async def _say(store: SqlStore, *texts: str) -> None:
    """Say each in a conversation of its own, so that none is found for its neighbours."""
    for text in texts:
        conversation = head(is_active=False)
        await store.commit_turn(TurnRecord(conversation.conversation_id, (said(text),), (conversation,), (ANN,)))


@pytest.mark.parametrize("most_turns", [10_000, 2], ids=["short", "long"])
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("고양이", _CAT),
        ("고양이 이름이 뭐였지?", _CAT),
        ("고양이를", _CAT),
        ("날씨", _WEATHER),
        ("날씨가", _WEATHER),
        ("회의", _MEETING),
        ("회의실로", _MEETING),
        ('"고양이는 나비"', _CAT),
        ("吉野家と𠮷野", _LUNCH),
        ("カレー", _LUNCH),
    ],
)
@pytest.mark.parametrize("holding_words", [True, False])
async def test_a_word_is_found_whatever_ending_it_has(
    sql_store: SqlStore,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    answer: str,
    most_turns: int,
    *,
    holding_words: bool,
) -> None:
    monkeypatch.setattr(recall_histories, "MOST_TURNS", most_turns)
    await _say(sql_store, _CAT, _WEATHER, _MEETING, _LUNCH, "plain text")
    service = RecallService(RecallTable(sql_store), clock, RelatedWords())
    found = await service.search(query, EVERYTHING, RecallBudget(4_000, holding_words=holding_words))
    assert [turn.said.text for turn in found.turns] == [answer]
