"""What is kept of a turn in process memory."""

import pytest

from source.domain.recall.question import ECHO
from source.domain.recall.terms import stem
from source.domain.recall.turns import MOST_OF_SELF, MOST_TIME_WORDS, indexed
from tests.unit.recall.made import turn


def test_a_turn_is_kept_as_its_stems_and_not_as_its_text() -> None:
    kept = indexed(turn("Camping, again!", 7, conversation=3))
    assert kept.terms == (stem("camping"), stem("again"))
    assert kept.key == (3, 7)
    assert kept.size_bytes == len("Camping, again!")
    assert "Camping" not in repr(kept)


def test_echo_speaks_under_a_name_that_nobody_has() -> None:
    assert indexed(turn("Hello", speaker=None)).speaker == ECHO
    assert indexed(turn("Hello", speaker="web:ana")).speaker == "web:ana"


def test_words_of_oneself_and_of_time_are_counted_up_to_a_limit() -> None:
    assert indexed(turn("My dog and I")).of_self == 2
    assert indexed(turn("I " * 20)).of_self == MOST_OF_SELF
    assert indexed(turn("last week")).time_words == 2
    assert indexed(turn("monday " * 9)).time_words == MOST_TIME_WORDS
    assert indexed(turn("the dog")).of_self == indexed(turn("the dog")).time_words == 0


@pytest.mark.parametrize(
    ("text", "is_question"), [("Really?", True), ("真的？", True), ("Really? ", True), ("Really.", False), ("", False)]
)
def test_whether_it_asks_something(text: str, is_question: bool) -> None:
    assert indexed(turn(text)).is_question is is_question


def test_half_a_character_that_came_from_somewhere_has_a_size() -> None:
    assert indexed(turn("\ud800")).size_bytes == 3


def test_a_character_is_found_alone_and_in_its_pair() -> None:
    assert set(indexed(turn("会议")).terms) == {"会议", "会", "议"}
