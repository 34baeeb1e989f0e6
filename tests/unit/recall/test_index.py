"""A history as numbers."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.recall.index import WIDEST_WINDOW, SaidIndex
from source.domain.recall.terms import stem
from source.domain.recall.turns import indexed
from tests.unit.recall.made import turn, turns


@pytest.fixture
def index() -> SaidIndex:
    return SaidIndex([*turns("a dog", "dogs and dogs", "a cat"), *turns("a dog sleeps", conversation=2)])


def test_it_knows_where_a_stem_is_and_how_often(index: SaidIndex) -> None:
    found = index.counts("dog")
    assert found is not None
    assert (found[0].tolist(), found[1].tolist()) == ([0, 1, 3], [1.0, 2.0, 1.0])
    assert index.counts("horse") is None


def test_nothing_crosses_from_one_conversation_to_the_next(index: SaidIndex) -> None:
    ones = np.array([1.0, 2.0, 3.0, 4.0])
    assert index.later(ones, 1).tolist() == [0, 1, 2, 0]
    assert index.earlier(ones, 1).tolist() == [2, 3, 0, 0]
    assert index.later(ones, 2).tolist() == [0, 0, 1, 0]
    assert index.around(np.array([0.0, 0.0, 0.0, 1.0]), 5).tolist() == [0, 0, 0, 1]
    assert index.around(np.array([1.0, 0.0, 0.0, 0.0]), 1).tolist() == [1, 1, 0, 0]


def test_the_first_of_each_conversation_is_marked(index: SaidIndex) -> None:
    assert index.first.tolist() == [1, 0, 0, 1]


def test_an_index_of_nothing_answers_like_any_other() -> None:
    index = SaidIndex([])
    assert (len(index), index.counts("dog"), index.beginning_alike("photo"), index.years) == (0, None, [], frozenset())
    assert index.around(np.zeros(0), 3).tolist() == []


def test_turns_of_a_speaker_are_known() -> None:
    index = SaidIndex([indexed(turn("a", 1)), indexed(turn("b", 2, speaker=None)), indexed(turn("c", 3))])
    assert {speaker: flags.tolist() for speaker, flags in index.speakers.items()} == {
        "web:ana": [True, False, True],
        "": [False, True, False],
    }


def test_words_that_begin_alike_are_found_both_ways() -> None:
    index = SaidIndex(turns("photo photograph photosynthesis phot photon pho"))
    assert set(index.beginning_alike("photo")) == {"phot", "photon", stem("photograph")} & set(
        index.beginning_alike("photo")
    )
    assert "photon" in index.beginning_alike("photo")
    assert "phot" in index.beginning_alike("photo")
    assert "photo" not in index.beginning_alike("photo")
    assert "pho" not in index.beginning_alike("photo")  # too short to mean the same
    assert stem("photosynthesis") not in index.beginning_alike("photo")  # too long to


def test_short_words_and_numbers_begin_like_nothing() -> None:
    index = SaidIndex(turns("cat cats category 2023 20231"))
    assert index.beginning_alike("cat") == []
    assert index.beginning_alike("2023") == []


_HISTORIES = st.lists(st.tuples(st.integers(1, 3), st.floats(0, 9)), max_size=20).map(
    lambda rows: sorted(rows, key=lambda row: row[0])
)


@given(_HISTORIES, st.integers(1, WIDEST_WINDOW))
def test_neighbours_are_those_of_a_slow_search(rows: Sequence[tuple[int, float]], distance: int) -> None:
    index = SaidIndex([indexed(turn("x", at, conversation=of)) for at, (of, _) in enumerate(rows)])
    values = np.array([value for _, value in rows], dtype=np.float64)

    def at(place: int, of: int) -> float:
        return rows[place][1] if 0 <= place < len(rows) and rows[place][0] == of else 0.0

    assert index.later(values, distance).tolist() == [at(place - distance, of) for place, (of, _) in enumerate(rows)]
    assert index.earlier(values, distance).tolist() == [at(place + distance, of) for place, (of, _) in enumerate(rows)]
    assert index.around(values, distance).tolist() == [
        max(at(near, of) for near in range(place - distance, place + distance + 1))
        for place, (of, _) in enumerate(rows)
    ]


@given(st.lists(st.text("abc ", max_size=12), max_size=8))
def test_counts_are_those_of_a_slow_count(texts: list[str]) -> None:
    index = SaidIndex(turns(*texts))
    for term in {term for each in index.turns for term in each.terms}:
        found = index.counts(term)
        assert found is not None
        slow = {at: each.terms.count(term) for at, each in enumerate(index.turns) if term in each.terms}
        assert dict(zip(found[0].tolist(), found[1].tolist(), strict=True)) == slow
