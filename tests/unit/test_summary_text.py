import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source.domain.summary_text import (
    clipped,
    fair_share,
    is_question,
    one_line,
    sentences,
    shortened,
    size_of,
    telling_weight,
    without_middle,
    words,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I moved. It rains! Why? Well…", ["I moved.", "It rains!", "Why?", "Well…"]),
        ("It costs 3.50 at J. Smith. Fine.", ["It costs 3.50 at J. Smith.", "Fine."]),
        ("Я переехал. Где вокзал? Там!", ["Я переехал.", "Где вокзал?", "Там!"]),
        ("我搬到了里斯本。你呢？很好！", ["我搬到了里斯本。", "你呢？", "很好！"]),
        ("これは本です。そうですか？", ["これは本です。", "そうですか？"]),
        ("هل أنت بخير؟ نعم.", ["هل أنت بخير؟", "نعم."]),
        ("one\ntwo\r\n\nthree", ["one", "two", "three"]),
        (" \n ", []),
    ],
)
def test_sentences_end_as_their_language_ends_them(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_words_of_scripts_without_spaces_are_pairs_of_signs() -> None:
    assert words("Echo 里斯本!") == ["echo", "里斯", "斯本"]


def test_no_break_or_control_is_left_on_one_line() -> None:
    assert one_line("a\u2028b\r\n\tc\x00\x1b[2J \ud800") == "a b c\ufffd [2J \ufffd"


@given(st.text(max_size=20), st.lists(st.sampled_from([" ", "\n", "\t", "\u00a0", "\u3000", "\x7f"]), max_size=3))
def test_one_line_has_single_spaces_between_what_was_there(text: str, breaks: list[str]) -> None:
    line = one_line("".join(breaks).join(text) + "".join(breaks))
    assert line == " ".join(re.split(r"[\s\x00-\x1f\x7f-\x9f]+", line)).strip()
    assert one_line(line) == line


@settings(deadline=None)
@given(TEXT, st.integers(0, 120))
def test_what_is_shortened_fits(text: str, most: int) -> None:
    assert size_of(shortened(text, most)) <= max(0, most)
    assert size_of(without_middle(text, most)) <= most


@settings(deadline=None)
@given(TEXT, st.integers(4, 50))
def test_clipping_keeps_both_ends(text: str, most: int) -> None:
    ends = clipped(text, most)
    assert ends[:1] == text[:1]
    assert ends[-1:] == text[-1:]
    assert len(ends) <= most + 3


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=30), st.integers(0, 5000))
def test_a_fair_share_never_takes_more_than_there_is(sizes: list[int], total: int) -> None:
    cap = fair_share(sizes, total)
    assert sum(min(size, cap) for size in sizes) <= total


def test_a_fair_share_takes_from_the_long_alone() -> None:
    assert fair_share([10, 20, 1000], 130) == 100


@pytest.mark.parametrize("text", ["Where?", "どこ？", "أين؟", "“Where?”"])
def test_a_question_is_known_by_its_mark(text: str) -> None:
    assert is_question(text)
    assert not is_question(text + " Here.")


@pytest.mark.parametrize(
    "text", ["i like tea", "ich mag tee", "я люблю чай", "我喜欢茶", "tea at 5", "we met Rosa", "trains to Porto"]
)
def test_the_first_person_numbers_and_names_tell_more(text: str) -> None:
    assert telling_weight(text) > telling_weight("tea is nice")
