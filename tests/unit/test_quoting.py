"""What repeats somebody, and which of Echo's messages go with them."""

from dataclasses import replace

import pytest

from source.domain.leaving import leaving, replies_to, with_their_tools
from source.domain.message import Message, MessageType
from source.domain.quoting import Quotes, words_in
from tests.fakes.clock import FakeClock

SAID = ["My cat is called Miezekatz", "The door opens with zx81-77"]
OTHERS = ["I have a dog", "The weather is fine, and the door is green"]


@pytest.fixture
def quotes() -> Quotes:
    return Quotes(SAID, OTHERS, ["Adalbertine"])


@pytest.mark.parametrize(
    "text",
    [
        "Adalbertine told me so",
        "The cat Miezekatz sleeps",
        "It is zx81",
        "As was said: opens with zx81-77",
        "(my CAT is called that)",
    ],
)
def test_names_codes_and_words_of_their_own_are_found(quotes: Quotes, text: str) -> None:
    assert quotes.are_in(text)


@pytest.mark.parametrize("text", ["Your dog is fine", "The green door", "A cat", "", "The weather with my dog"])
def test_what_others_said_and_single_common_words_are_nobodys(quotes: Quotes, text: str) -> None:
    assert not quotes.are_in(text)


def test_word_for_word_takes_more_than_a_word_in_common(quotes: Quotes) -> None:
    assert quotes.are_word_for_word_in("2026-03-02 Ada: My cat is called Miezekatz")
    assert quotes.are_word_for_word_in("the code zx81")
    assert not quotes.are_word_for_word_in("Somebody's cat Miezekatz")
    assert not quotes.are_word_for_word_in("My cat is called Miezekatz", known=words_in(["the cat Miezekatz, called"]))


def test_one_word_that_nobody_else_used_is_enough_for_a_title(quotes: Quotes) -> None:
    assert quotes.has_any_word_in("About a cat")
    assert not quotes.has_any_word_in("About the weather")


def test_words_without_spaces_between_them_are_found() -> None:
    quotes = Quotes(["我的猫叫咪咪"], ["我喜欢狗"])
    assert quotes.are_in("你的猫叫咪咪吗")
    assert not quotes.are_in("我喜欢狗")


def _said(*lines: str) -> list[Message]:
    """`ada: text` is a person's, `text` Echo's; the ids are the places."""
    messages: list[Message] = []
    for number, line in enumerate(lines, 1):
        who, _, text = line.rpartition(": ")
        messages.append(Message(FakeClock().now(), MessageType.CHAT, text, requester=who or None, message_id=number))
    return messages


def _leaving(*lines: str) -> tuple[set[int], set[int], bool]:
    found = leaving(_said(*lines), lambda message: message.requester == "ada", ["Adalbertine"])
    return set(found.own), set(found.replies), found.is_alone


def test_replies_to_a_person_go_with_them_and_those_to_others_stay() -> None:
    assert _leaving("ada: one", "Sure", "bob: two", "Indeed", "ada: three", "calling", "Yes") == (
        {1, 5},
        {2, 6, 7},
        False,
    )


def test_a_reply_to_several_goes_with_each_of_them() -> None:
    assert _leaving("bob: two", "ada: one", "bob: four", "Both of you") == ({2}, {4}, False)


def test_a_reply_to_others_that_quotes_the_person_goes() -> None:
    assert _leaving("ada: the purple elephant", "Sure", "bob: what?", "The purple elephant", "bob: ah", "Right") == (
        {1},
        {2, 4},
        False,
    )


def test_who_is_alone_leaves_nothing() -> None:
    assert _leaving("ada: one", "Sure") == ({1}, {2}, True)
    assert _leaving("Welcome") == (set(), set(), True)


def test_only_answers_to_nobody_else_are_handed_over() -> None:
    said = _said("ada: one", "Sure", "bob: two", "Indeed", "ada: three", "bob: four", "Both")
    assert replies_to(said, {1, 5}) == {2}


def test_no_tool_call_is_left_without_its_response() -> None:
    said = _said("bob: what was it?", "look it up", "found: nothing", "I do not know")
    call, response = (
        replace(said[1], message_type=MessageType.TOOL_CALL),
        replace(said[2], message_type=MessageType.TOOL_CALL_RESPONSE, requester=None),
    )
    assert with_their_tools([said[0], call, response, said[3]], {3}) == {2, 3}
