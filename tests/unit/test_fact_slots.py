"""What sentences tell of which there is one at a time, in the languages that rules know."""

import time

import pytest

from source.domain.fact_slots import agree, slots_of
from tests.fakes.fact_samples import ANA


def told(text: str) -> list[tuple[str, str, bool]]:
    return [(slot.subject, slot.value, slot.holds) for slot in slots_of(text, ANA)]


@pytest.mark.parametrize(
    ("text", "subject", "value"),
    [
        ("Ana: “I live in Lisbon now, near the river.”", "home", "lisbon"),
        ("Ana lives in Lisbon.", "home", "lisbon"),
        ("Ana Costa has recently moved to Porto.", "home", "porto"),
        ("The user lives in Porto, Portugal.", "home", "porto"),
        ("She said that she lives in Faro.", "home", "faro"),
        ("I've just moved to Porto because my mother is ill.", "home", "porto"),
        ("Ich wohne jetzt in Berlin", "home", "berlin"),
        ("Ich bin nach Hamburg gezogen", "home", "hamburg"),
        ("Vivo en Madrid desde hace poco", "home", "madrid"),
        ("J'habite à Paris", "home", "paris"),
        ("Moro em São Paulo", "home", "são paulo"),
        ("Abito a Roma", "home", "roma"),
        ("Ik woon in Utrecht", "home", "utrecht"),
        ("Я живу в Москве", "home", "москве"),
        ("我住在北京", "home", "北京"),
        ("私は東京に住んでいます", "home", "東京"),
        ("My name is Ana Costa", "name", "ana costa"),
        ("Ich heiße Ana", "name", "ana"),
        ("I work for Globex now", "employer", "globex"),
        ("Ana works as a nurse at the hospital", "job", "nurse"),
        ("Ana is 35 years old.", "age", "35 years old"),
        ("My phone number is +49 170 123-45-67.", "phone", "491701234567"),
        ("My new work email is ana@globex.com", "work e-mail", "ana@globex.com"),
        ("My birthday is 3 May", "birthday", "3 may"),
        ("My address is 5 Main Street, Springfield", "address", "5 main street springfield"),
        ("Ana's favourite colour is blue", "favourite colour", "blue"),
        ("My favorite food is sushi", "favourite food", "sushi"),
        ("Mein Lieblingsessen ist Pizza", "favourite food", "pizza"),
        ("Mi comida favorita es la paella", "favourite food", "paella"),
        ("My wife is called Maria", "wife name", "maria"),
        ("Ana's husband lives in Rome", "husband home", "rome"),
        ("Maria lives in Berlin", "maria home", "berlin"),
        ("Her phone number is 030 123 4567.", "phone", "0301234567"),
        ("Ana: “Mein neuer Chef heißt Karl”", "boss name", "karl"),
        ("My flat is in Faro", "home", "faro"),
        ("I'm vegan", "diet", "vegan"),
        ("I am married now", "relationship", "married"),
        ("Please answer me in German", "reply language", "german"),
    ],
)
def test_a_sentence_tells_what_there_is_one_of(text: str, subject: str, value: str) -> None:
    assert told(text) == [(subject, value, True)]


@pytest.mark.parametrize(
    ("text", "subject", "holds"),
    [
        ("I like green tea", "like green tea", True),
        ("I don't like green tea anymore", "like green tea", False),
        ("Ana hates jazz", "like jazz", False),
        ("Ich mag keinen Kaffee", "like kaffee", False),
        ("No me gusta el café", "like café", False),
        ("Me gusta el café", "like café", True),
        ("I'm allergic to peanuts", "allergy peanuts", True),
        ("I'm no longer allergic to peanuts", "allergy peanuts", False),
    ],
)
def test_of_what_there_may_be_many_each_is_a_subject(text: str, subject: str, holds: bool) -> None:
    assert told(text) == [(subject, "", holds)]


@pytest.mark.parametrize(
    ("text", "subject", "value"),
    [
        ("I don't live in Lisbon anymore", "home", "lisbon"),
        ("Ana no longer lives in Lisbon", "home", "lisbon"),
        ("Ya no vivo en Madrid", "home", "madrid"),
        ("Ich wohne nicht mehr in Berlin", "home", "berlin"),
        ("I'm no longer vegan", "diet", "vegan"),
    ],
)
def test_what_is_no_longer_so_is_told_as_such(text: str, subject: str, value: str) -> None:
    assert told(text) == [(subject, value, False)]


@pytest.mark.parametrize(
    "text",
    [
        "Do I live in Lisbon?",
        "I used to live in Rome",
        "I want to live in Rome",
        "I might have moved to Rome",
        "If I live in Rome, I need a car",
        "I moved to Rome in 2010",
        "I lived in Rome",
        "When I was a child, I lived in Rome and we moved to Bonn",
        "My sister lives in Berlin",
        "Ana: “Her phone number is 030 1234567”",
        "Ana: “They work at night”",
        "Ana: “She lives in Rome”",
        "My brother and I live on tea",
        'My friend told me "I live in Paris"',
        "My dog is called Rex",
        "I work from home",
        "I joined a gym",
        "I love you",
        "Quiero vivir en Roma",
        "Lisbon is nice",
        "",
    ],
)
def test_what_is_wished_past_or_of_several_is_not_told(text: str) -> None:
    assert told(text) == []


def test_a_sentence_may_tell_two_things() -> None:
    assert told("My name is Ana and I live in Lisbon") == [("name", "ana", True), ("home", "lisbon", True)]


def test_one_value_may_be_told_more_fully() -> None:
    assert agree("ana", "ana costa")
    assert agree("porto portugal", "porto")
    assert not agree("lisbon", "porto")


@pytest.mark.parametrize("text", ["i " * 5_000, "my " * 5_000, "a" * 50_000, "my name is " * 2_000, "'s " * 9_000])
def test_long_texts_are_read_quickly(text: str) -> None:
    began = time.perf_counter()
    slots_of(text, ANA)
    assert time.perf_counter() - began < 0.5
