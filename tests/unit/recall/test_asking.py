"""Whether a message asks about the past, or about somebody."""

import pytest

from source.domain.recall.asking import asks_for_memory

_NAMES = ("Ann Lee", "The Dude", "Will")


@pytest.mark.parametrize(
    "text",
    [
        "Do you remember the lake?",
        "what did I say about the dog",
        "Where did we go?",
        "Where does ann live?",
        "Who is Lee?",
        "Where is Will?",
        "Where is the dude?",
        "记得我的狗吗",
    ],
)
def test_the_past_and_who_is_named_are_asked_for(text: str) -> None:
    assert asks_for_memory(text, _NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "Where does the sun rise?",
        "When will it rain?",
        "What Is The Time?",
        "Will it rain? The clouds are dark",
        "Ann and the dude and Will",
        "hello",
        "",
    ],
)
def test_a_common_word_by_which_somebody_is_called_asks_for_nothing(text: str) -> None:
    assert not asks_for_memory(text, _NAMES)


def test_only_the_beginning_of_pages_asks() -> None:
    assert not asks_for_memory("hello " * 1_000 + "do you remember?", _NAMES)
