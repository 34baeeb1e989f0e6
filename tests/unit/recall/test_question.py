"""What a question asks for."""

from datetime import date

import pytest

from source.domain.recall.question import ECHO, Question, is_quotation, phrases_of, read_question

_TODAY = date(2026, 11, 21)
_PEOPLE = {"web:ann": "Ann Lee", "web:ben": "Ben"}
_ANN = frozenset({"web:ann"})
_ODDLY_CALLED = {
    "web:dude": "The Dude",
    "web:will": "Will",
    "web:time": "About Time",
    "web:me": "me",
    "web:echo": "Echo B",
}


def _read(text: str, *, people: dict[str, str] | None = None, askers: frozenset[str] = _ANN) -> Question:
    return read_question(text, people=people or _PEOPLE, askers=askers, today=_TODAY, years=range(1995, 2027))


def test_of_pages_of_words_and_quotations_some_are_asked_for() -> None:
    words = [f"word{number}" for number in range(1_000)]
    question = _read(" ".join(words) + " Ben", askers=frozenset())
    assert question.terms == tuple(words[:32])
    assert not question.speakers  # named too late
    quoted = _read(" ".join(f'"{word}"' for word in words))
    assert quoted.phrases == tuple(words[:8])
    assert quoted.is_quotation


def test_pages_are_a_quotation_by_how_they_begin() -> None:
    pages = '"one two" ' + " " * 2_000 + '"three four" five'
    assert is_quotation(pages)
    assert phrases_of(pages) == ("one two",)


def test_pages_of_months_and_years_speak_of_some_days() -> None:
    named = " ".join(f"may {year} june 3 {year + 1}" for year in range(1900, 1999))
    assert 0 < len(_read(named).spans) <= 24
    assert len(_read("may 2001 " * 4_000).spans) == 1


def _asked_for(text: str, *, askers: frozenset[str] = _ANN) -> set[str]:
    return {
        speaker.removeprefix("web:") for speaker in _read(text, people=_PEOPLE | _ODDLY_CALLED, askers=askers).speakers
    }


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("What did Ann say?", {"ann"}),
        ("what did ann lee tell ben?", {"ann"}),
        ("What did Ben tell me?", {"ben"}),
        ("What did I say?", {"ann"}),
        ("What did you say?", {ECHO}),
        ("Who has a dog?", set()),
    ],
)
def test_who_is_asked_for_is_named_or_speaks(text: str, speakers: set[str]) -> None:
    assert _asked_for(text) == speakers


@pytest.mark.parametrize(
    ("text", "asked", "besides"),
    [
        ("What did Ben think of Ann?", {"web:ben"}, {"web:ann"}),
        ("What did Ann Lee's dog do to Ben?", {"web:ben"}, {"web:ann"}),
        ("What of Ann’s did Ben borrow?", {"web:ben"}, {"web:ann"}),
        ("What do Ann and Ben share?", {"web:ann", "web:ben"}, set()),
        ("Was it Ben or Ann who sang?", {"web:ann", "web:ben"}, set()),
        ("Where is Ann's dog?", {"web:ann"}, set()),
    ],
)
def test_of_two_who_are_named_the_first_is_asked_for_unless_both_are(
    text: str, asked: set[str], besides: set[str]
) -> None:
    question = _read(text, askers=frozenset())
    assert question.speakers == asked
    assert question.besides == besides


def test_people_of_one_name_are_asked_for_together() -> None:
    question = _read("What did Ann say to Ben?", people=_PEOPLE | {"web:other": "Ann"}, askers=frozenset())
    assert question.speakers == {"web:ann", "web:other"}


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("What did I say about the party?", {"ann"}),
        ("When will I fly to Rome?", {"ann"}),
        ("Will I fly? The dog too? «About cats»", {"ann"}),
        ("What did you tell me about Rome?", {"ann"}),
        ("What did I say about time?", {"ann"}),
        ("What Did I Say About The Party?", {"ann"}),
        ("WHAT DID I SAY ABOUT THE PARTY?", {"ann"}),
        ("Where does the dog sleep?", set()),
        ("will it rain?\nThe dog is in", set()),
        ("What did echo say?", {ECHO}),
    ],
)
def test_a_common_word_names_nobody_who_is_called_so(text: str, speakers: set[str]) -> None:
    assert _asked_for(text) == speakers


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("What did Will say?", {"will"}),
        ("what has @Will said", {"will"}),
        ("What did the dude say?", {"dude"}),
        ("What did The Dude tell me?", {"dude"}),
        ("What did I tell Will?", {"ann", "will"}),
        ("What did Ben tell Will?", {"ben"}),
    ],
)
def test_who_is_called_by_a_common_word_is_named_by_its_capital_or_the_whole_name(
    text: str, speakers: set[str]
) -> None:
    assert _asked_for(text) == speakers


def test_where_nobody_asks_a_capital_names_and_a_common_word_does_not() -> None:
    nobody = frozenset[str]()
    assert _asked_for("What will I do?", askers=nobody) == set()
    assert _asked_for("What did I tell Will?", askers=nobody) == {"will"}


def test_the_name_of_who_is_asked_for_is_no_word_that_is_looked_for() -> None:
    assert _read("What did Ben say about the dog?").terms == ("sai", "dog")
    assert _read("what did ben say about the dog?").terms == ("ben", "sai", "dog")


def test_what_somebody_said_is_all_that_they_said() -> None:
    assert _read("What did Ben say?").terms == ()
    assert _read("What did Ben tell me about the boat?").terms != ()
    assert _read("Who said that?", askers=frozenset()).terms != ()
