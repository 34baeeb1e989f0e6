"""A long history as an outline: what of it is worth reading."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.recall.dates import Span
from source.domain.recall.outline import Holding, Outline, Said, most_likely
from source.domain.recall.question import Question

DAY = date(2026, 3, 2)
ROWS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 4)), max_size=30, unique_by=lambda row: row[0])


def said(*rows: tuple[int, int], speakers: Sequence[str] = (), days: Sequence[int] = ()) -> Said:
    """Return turns by number and conversation."""
    by = list(speakers) or ["web:ana"] * len(rows)
    names = tuple(dict.fromkeys(by))
    return Said(
        np.array([number for number, _ in rows], dtype=np.int64),
        np.array([conversation for _, conversation in rows], dtype=np.int64),
        np.array([DAY.toordinal() + day for day in days or [0] * len(rows)], dtype=np.int32),
        np.array([names.index(each) for each in by], dtype=np.int32),
        names,
    )


def holding(*exact: int, akin: Sequence[int] = ()) -> Holding:
    return Holding(np.array(exact, dtype=np.int64), np.array(akin, dtype=np.int64))


def likely(
    outline: Outline,
    held: Mapping[str, Holding],
    question: Question | None = None,
    *,
    count: int = 99,
    besides: int | None = None,
) -> list[int]:
    return list(most_likely(outline, question or Question(("word",)), held, count, besides=besides).numbers)


@pytest.fixture
def outline() -> Outline:
    """Thirty turns of one conversation, between whose numbers stand those of another."""
    return Outline(said(*((number, 1 + number % 2) for number in range(1, 61))))


def test_whoever_holds_a_word_comes_first_then_those_near_in_the_same_conversation(outline: Outline) -> None:
    found = likely(outline, {"word": holding(30)})
    assert found[0] == 30
    assert set(found[1:5]) == {26, 28, 32, 34}
    assert set(found) == set(range(20, 41, 2))


def test_only_so_many_are_read(outline: Outline) -> None:
    assert likely(outline, {"word": holding(30)}, count=1) == [30]


def test_rarer_words_weigh_more(outline: Outline) -> None:
    held = {"common": holding(*range(1, 51)), "rare": holding(58)}
    found = most_likely(outline, Question(("common", "rare")), held, 1)
    assert found.numbers == [58]
    assert found.rarity["rare"] > found.rarity["common"] > 0


def test_a_related_word_counts_for_less_than_the_word_itself(outline: Outline) -> None:
    found = likely(outline, {"word": holding(10, akin=[10, 50])})
    assert found[0] == 10
    assert 50 in found
    assert found.index(50) > found.index(8)


def test_what_is_not_seen_is_never_found(outline: Outline) -> None:
    assert likely(outline, {"word": holding(30, 99, 1_000)})[0] == 30
    assert likely(outline, {"word": holding(99)}) == []
    assert likely(Outline(said()), {"word": holding(1)}) == []


def test_nothing_of_the_conversation_before_ones_eyes_is_found(outline: Outline) -> None:
    found = likely(outline, {"word": holding(29, 30)}, besides=1)
    assert found
    assert all(number % 2 == 1 for number in found)


def test_who_is_asked_for_comes_first_and_without_words_alone() -> None:
    outline = Outline(said((1, 1), (2, 1), (3, 2), (4, 2), speakers=["web:ana", "web:ben", "web:ana", ""]))
    of_ben = Question(("word",), speakers=frozenset({"web:ben"}))
    assert likely(outline, {"word": holding(2, 3)}, of_ben)[0] == 2
    assert likely(outline, {}, Question((), speakers=frozenset({"web:ben"}))) == [2]
    assert likely(outline, {}, Question((), speakers=frozenset({"web:nobody"}))) == []


def test_of_a_day_all_that_was_said_is_found() -> None:
    outline = Outline(said((1, 1), (2, 1), (3, 2), days=[0, 40, 80]))
    spans = (Span(date(2026, 4, 10), date(2026, 4, 12)),)
    assert likely(outline, {}, Question((), spans=spans)) == [2]
    assert set(likely(outline, {"word": holding(3)}, Question(("word",), spans=spans))) == {2, 3}


def test_of_equal_ones_the_newest_come_first() -> None:
    outline = Outline(said(*((number, number) for number in range(1, 9))))
    assert likely(outline, {"word": holding(*range(1, 9))}, count=3) == [8, 7, 6]


@given(ROWS, ROWS)
def test_what_comes_later_is_as_if_it_had_been_there(first: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    numbers = {number for number, _ in first}
    together = [*first, *((number, of) for number, of in more if number not in numbers)]
    speakers = [f"web:{number % 3}" for number, _ in together]
    whole = Outline(said(*together, speakers=speakers))
    grown = Outline(said(*first, speakers=speakers[: len(first)])).with_more(
        said(*more, speakers=[f"web:{number % 3}" for number, _ in more])
    )
    assert grown.said.numbers.tolist() == whole.said.numbers.tolist()
    assert grown.said.conversations.tolist() == whole.said.conversations.tolist()
    assert [grown.said.names[code] for code in grown.said.speakers] == [
        whole.said.names[code] for code in whole.said.speakers
    ]


@given(ROWS, st.sets(st.integers(1, 45)), st.integers(1, 5))
def test_nothing_crosses_from_one_conversation_to_the_next(
    rows: list[tuple[int, int]], found: set[int], distance: int
) -> None:
    outline = Outline(said(*rows))
    places = outline.places(np.array(sorted(found), dtype=np.int64))
    assert set(outline.said.numbers[places].tolist()) == found & {number for number, _ in rows}
    for place in places:
        around = outline.around(np.array([place]), distance)
        near = [at for at in range(len(outline)) if abs(at - place) <= distance]
        of = outline.said.conversations
        assert set(around.tolist()) == {at for at in near if of[at] == of[place]}
    values = np.arange(1, len(outline) + 1, dtype=np.float32)
    of = outline.said.conversations
    for step in (distance, -distance):
        beside = outline.beside(values, np.arange(len(outline)), step)
        for at in range(len(outline)):
            is_there = 0 <= at - step < len(outline) and of[at - step] == of[at]
            assert beside[at] == (values[at - step] if is_there else 0)
