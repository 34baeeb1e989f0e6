"""How words are compared, whatever they are written in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.recall.terms import SAY_NOTHING, folded, stem, telling, terms_of, words_of


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Café", "cafe"), ("Übermäßig", "ubermaßig"), ("ÅNGSTRÖM", "angstrom"), ("Nguyễn", "nguyen"), ("PLAIN", "plain")],
)
def test_accents_and_capitals_make_no_difference(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_accents_that_stand_apart_are_the_same() -> None:
    assert folded("cafe\u0301") == folded("caf\u00e9") == "cafe"


def test_syllables_of_korean_are_whole_after_folding() -> None:
    assert words_of("\u1112\u116c\u110b\u1174") == words_of("회의") == ["회의"]


def test_korean_is_compared_without_the_endings_of_its_words() -> None:
    assert words_of("고양이는 나비라고")[:4] == ["고양", "양이", "이는", "나비"]
    assert set(words_of("고양이")) < set(words_of("고양이를"))
    assert words_of("카페ㅋㅋ in 서울") == ["카페", "ㅋㅋ", "in", "서울"]


def test_words_keep_their_order_and_lose_their_marks() -> None:
    assert words_of("Don't stop_me, 24/7!") == ["don", "t", "stop", "me", "24", "7"]


def test_what_is_written_without_spaces_comes_in_pairs() -> None:
    assert words_of("会议室 at 3") == ["会议", "议室", "at", "3"]
    assert words_of("猫") == ["猫"]
    assert words_of("ประชุม")[:2] == ["ปร", "ระ"]
    assert words_of("𠮷野家") == ["𠮷野", "野家"]


def test_a_script_beside_another_begins_a_word_of_its_own() -> None:
    assert words_of("AI会议x") == ["ai", "会议", "x"]


def test_characters_come_singly_only_when_asked_for() -> None:
    assert "室" not in words_of("会议室")
    assert words_of("会议室", singly=True) == ["会议", "议室", "会", "议", "室"]
    assert words_of("猫", singly=True) == ["猫"]


def test_forms_of_a_word_have_one_stem() -> None:
    assert len({stem("camping"), stem("camped"), stem("camps"), stem("camp")}) == 1
    assert terms_of("She hikes") == (stem("she"), stem("hiking"))


def test_words_that_tell_nothing_are_left_out_and_each_comes_once() -> None:
    assert telling(words_of("What did the cat do with the cat and a 7?")) == ["cat", "7"]


def test_a_single_letter_tells_nothing_and_a_single_digit_does() -> None:
    assert telling(["x", "7", "ox"]) == ["7", "ox"]


def test_stems_of_words_that_tell_nothing_tell_nothing_either() -> None:
    assert {"during", stem("during")} <= SAY_NOTHING


@given(st.text())
def test_any_text_has_words(text: str) -> None:
    for word in words_of(text):
        assert word
        assert not word.isspace()
        assert '"' not in word


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    # A letter that has no small form but as two may become one more that has: what counts is that texts meet.
    assert words_of(folded(text)) == words_of(folded(folded(text)))
