"""What is remembered without a model."""

import pytest

from source.domain.memory import Memory, MemoryPart, MemorySource
from source.domain.memory_check import checked_memory
from source.domain.memory_offline import offline_memory
from tests.fakes.dialogue_samples import PEOPLE, dialogue, lisbon


def memory_of(*texts: str | tuple[str | None, str]) -> Memory:
    return offline_memory(dialogue(*texts), PEOPLE, language=None)


def texts(memory: Memory, part: MemoryPart) -> list[str]:
    return [item.text for item in memory.of(part)]


def test_it_says_that_no_model_made_it_and_what_it_covers() -> None:
    memory = offline_memory(lisbon(), PEOPLE, language="en")
    assert memory.source is MemorySource.OFFLINE
    assert (memory.covers_to, memory.language) == (106, "en")


def test_every_item_is_shown_by_the_messages_it_cites() -> None:
    memory = offline_memory(lisbon(), PEOPLE, language="en")
    checked = checked_memory(memory.as_data(), lisbon(), PEOPLE)
    assert checked.dropped == 0
    assert checked.parts == memory.parts
    assert memory.summary is not None
    assert "Hotjar" in memory.summary.text


@pytest.mark.parametrize(
    "said",
    [
        "I live in Porto.",
        "I work at Hotjar as an analyst.",
        "I'm allergic to nuts.",
        "My sister is called Marta.",
        "Ich wohne in Berlin.",
        "Mein Hund heißt Rex.",
        "Vivo en Madrid con mi gato.",
        "J'habite à Lyon.",
        "Moro em Lisboa.",
        "Я живу в Москве.",
        "我住在北京。",
    ],
)
def test_what_people_say_about_themselves_is_quoted_as_a_fact(said: str) -> None:
    [fact] = texts(memory_of(said, "I see."), MemoryPart.FACTS)
    assert fact == f"Ana: “{said}”"


@pytest.mark.parametrize(
    "said",
    ["I like green tea.", "I don't eat meat.", "Ich mag keinen Kaffee.", "Me gusta el té.", "Je préfère le train."],
)
def test_what_people_like_is_quoted_as_a_preference(said: str) -> None:
    assert texts(memory_of(said, "I see."), MemoryPart.PREFERENCES) == [f"Ana: “{said}”"]


@pytest.mark.parametrize("said", ["Do you like tea?", "It rains.", "You live in Porto.", "They work at night."])
def test_what_is_not_about_them_is_neither(said: str) -> None:
    memory = memory_of(said, "I see.")
    assert not texts(memory, MemoryPart.FACTS)
    assert not texts(memory, MemoryPart.PREFERENCES)


def test_what_echo_says_of_itself_is_no_fact() -> None:
    assert not texts(memory_of("Hi!", "I live in Porto."), MemoryPart.FACTS)


def test_questions_after_echos_last_word_are_open() -> None:
    memory = memory_of("Where is Porto?", "In the north.", "What about hotels? I see.")
    assert texts(memory, MemoryPart.OPEN_ISSUES) == ["Ana: “What about hotels?”"]


def test_what_was_put_off_is_open() -> None:
    memory = memory_of("Please remind me to call Marta.", "I will.", "Can you send it tomorrow?", "Yes.")
    assert len(texts(memory, MemoryPart.OPEN_ISSUES)) == 2


def test_who_spoke_and_who_gave_a_name_are_people() -> None:
    memory = memory_of(("ana", "My name is Ana Maria Costa, hi"), ("ben", "Hello"), ("zoe", "I have no name here"))
    assert [person.name for person in memory.of(MemoryPart.PEOPLE)] == ["Ana", "Ben", "Ana Maria Costa"]


def test_the_words_of_most_messages_are_topics() -> None:
    memory = memory_of("The Garden is dry", "So?", "Water the garden", "Yes", "My garden needs water")
    assert texts(memory, MemoryPart.TOPICS)[:2] == ["garden", "water"]


def test_intents_are_found_by_rules_that_are_not_sure() -> None:
    memory = memory_of("How much does a room cost?", "80 euros.", "Please book it.")
    assert [intent.name for intent in memory.of(MemoryPart.INTENTS)] == [
        "book_appointment",
        "ask_price",
        "ask_question",
    ]
    assert {intent.confidence for intent in memory.of(MemoryPart.INTENTS)} == {0.3}


def test_nothing_said_is_nothing_remembered() -> None:
    memory = offline_memory([], {}, language=None)
    assert memory.is_empty
    assert memory.covers_to == 0


def test_long_conversations_are_read_within_bounds() -> None:
    memory = memory_of(*(f"I live in house {number}." for number in range(3_000)))
    assert len(memory.of(MemoryPart.FACTS)) == 40
    assert "house 2998" in texts(memory, MemoryPart.FACTS)[-1], "what was said last is kept"
