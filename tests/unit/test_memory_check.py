"""What is kept of what somebody claims to remember."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.errors import RefusedInputError
from source.domain.memory import MemoryPart, MemorySource
from source.domain.memory_check import checked_memory
from source.domain.message import Message, MessageType
from tests.fakes.dialogue_samples import BEGAN, PEOPLE, dialogue, lisbon
from tests.fakes.memory_samples import ASKED, CONGRATULATED, HOTELS, MOVED, TRAIN, checked, claim, facts, record


def test_what_the_cited_message_shows_is_kept_with_its_ids() -> None:
    memory = checked(facts=[claim("Ana starts at Hotjar on 12 March.", MOVED, CONGRATULATED)])
    [fact] = memory.of(MemoryPart.FACTS)
    assert fact.message_ids == (MOVED, CONGRATULATED)
    assert memory.dropped == 0
    assert memory.covers_to == HOTELS


def test_a_message_of_another_conversation_shows_nothing() -> None:
    memory = checked(facts=[claim("Ana moved to Lisbon.", 999), claim("Ana moved to Lisbon.", 999, MOVED)])
    assert [item.message_ids for item in memory.of(MemoryPart.FACTS)] == [(MOVED,)]
    assert memory.dropped == 1


@pytest.mark.parametrize(
    "text",
    [
        "Ana owns a castle.",
        "The person said so.",
        "Ana earns 85,000 euros at Hotjar.",
        "Ana pays 4000 for Hotjar.",
        "Ana moved to Lisbon and said “I will never go back”.",
        "",
    ],
)
def test_what_the_cited_message_does_not_show_is_dropped_and_counted(text: str) -> None:
    memory = checked(facts=[claim(text, MOVED)])
    assert memory.of(MemoryPart.FACTS) == ()
    assert memory.dropped == 1


@pytest.mark.parametrize(
    "text",
    [
        "Ana is moving to Lisbon.",
        "Ana's job begins on 2026-03-12.",
        "She said “My new job at Hotjar starts”.",
        "Hotjar",
    ],
)
def test_other_forms_dates_and_quotes_are_shown(text: str) -> None:
    assert facts(claim(text, MOVED)) == [text]


@pytest.mark.parametrize(
    ("said", "noted"), [("It is 1,250 euros", "1250"), ("1250 euros", "1.250"), ("300 400", "400")]
)
def test_numbers_are_the_same_however_they_are_grouped(said: str, noted: str) -> None:
    memory = checked_memory({"facts": [claim(f"Price: {noted} euros", 100)]}, dialogue(said), PEOPLE)
    assert len(memory.of(MemoryPart.FACTS)) == 1


@pytest.mark.parametrize(
    ("said", "noted", "is_shown"),
    [
        ("Room 300 and room 400", "Rooms 300 400", True),
        ("We met in 2027", "In 2026", False),
        ("I want tea", "The user wants a castle", False),
        ("I want tea", "The user wants tea", True),
        ("A zeppelin", "Zeppelins", True),
    ],
)
def test_what_only_looks_alike_shows_nothing(said: str, noted: str, is_shown: bool) -> None:
    if is_shown:
        assert checked_memory({"facts": [claim(noted, 100)]}, dialogue(said), PEOPLE).dropped == 0
    else:
        with pytest.raises(RefusedInputError):
            checked_memory({"facts": [claim(noted, 100)]}, dialogue(said), PEOPLE)


def test_languages_written_without_spaces_are_compared_by_pairs_of_signs() -> None:
    messages = dialogue("我上个月搬到了里斯本", "好的", "我喜欢绿茶")
    memory = checked_memory({"facts": [claim("搬到里斯本", 100), claim("喜欢咖啡厅", 100)]}, messages, PEOPLE)
    assert [item.text for item in memory.of(MemoryPart.FACTS)] == ["搬到里斯本"]


def test_an_item_without_ids_gets_those_of_messages_that_show_it() -> None:
    memory = checked(facts=["The train from Lisbon to Porto takes 3 hours."], topics=["Porto", "opera"])
    assert memory.of(MemoryPart.FACTS)[0].message_ids[-2:] == (ASKED, TRAIN)
    assert [topic.text for topic in memory.of(MemoryPart.TOPICS)] == ["Porto"]
    assert memory.dropped == 1


def test_of_a_summary_the_sentences_that_are_shown_are_kept() -> None:
    memory = checked(summary="Ana moved to Lisbon. She became a countess. The train takes about 3 hours.")
    assert memory.summary is not None
    assert memory.summary.text == "Ana moved to Lisbon. The train takes about 3 hours."
    assert {MOVED, TRAIN} <= {*memory.summary.message_ids}


def test_a_person_must_be_named_in_a_message_or_speak() -> None:
    people = [claim("Moved to Lisbon.", MOVED, name="Ana"), claim("Moved to Lisbon.", MOVED, name="Zoe"), "Hotjar"]
    assert [person.name for person in checked(people=people).of(MemoryPart.PEOPLE)] == ["Ana", "Hotjar"]


def test_an_intent_needs_a_name_and_a_confidence_from_0_to_1() -> None:
    good = claim("Plan a trip to Porto.", ASKED, name="plan_trip", confidence=0.9)
    bad = [good | {"confidence": value} for value in (1.5, -0.1, True, "0.5", None, float("nan"))]
    memory = checked(intents=[good, *bad, claim("A trip.", ASKED, confidence=0.5)])
    assert [(intent.name, intent.confidence) for intent in memory.of(MemoryPart.INTENTS)] == [("plan_trip", 0.9)]
    assert memory.dropped == 7


def test_the_same_said_twice_is_one_item_with_the_messages_of_both() -> None:
    memory = checked(topics=[claim("Porto", ASKED), claim("porto.", TRAIN)])
    assert [(topic.text, topic.message_ids) for topic in memory.of(MemoryPart.TOPICS)] == [("Porto", (ASKED, TRAIN))]
    assert memory.dropped == 0


def test_what_a_person_wrote_needs_no_message_that_shows_it() -> None:
    memory = checked(source="person", facts=[claim("A good customer.", 999)], summary="Be kind to her.")
    assert memory.source is MemorySource.PERSON
    assert [(item.text, item.message_ids) for item in memory.of(MemoryPart.FACTS)] == [("A good customer.", ())]
    assert memory.summary is not None


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"facts": "Ana moved"}, "facts"),
        ({"facts": [1] * 201}, "facts"),
        ({"source": "rumour"}, "source"),
        ({"covers_to": "now"}, "covers_to"),
        ({"mood": "good"}, "mood"),
        ({}, "empty"),
        ({"summary": "The opera burned down."}, "message"),
    ],
)
def test_a_record_of_the_wrong_form_or_without_anything_shown_is_refused(data: dict[str, object], named: str) -> None:
    with pytest.raises(RefusedInputError, match=named):
        checked_memory(data, lisbon(), PEOPLE)


def test_items_of_the_wrong_form_are_dropped_alone() -> None:
    assert facts(1, None, {"text": 3}, [], {}, claim("Ana moved.", MOVED)) == ["Ana moved."]


def test_nothing_may_be_worth_remembering_of_what_was_read() -> None:
    memory = checked_memory({"covers_to": TRAIN, "dropped": 3}, lisbon(), PEOPLE)
    assert (memory.is_empty, memory.covers_to, memory.dropped) == (True, TRAIN, 3)


def test_what_was_dropped_before_stays_counted() -> None:
    assert checked(facts=[claim("Zeppelins.", MOVED)], dropped=2).dropped == 3
    assert [checked(dropped=given).dropped for given in (-1, True, "2", 10**9, None)] == [0] * 5


def test_a_memory_never_covers_more_than_there_is() -> None:
    assert checked(covers_to=10**15).covers_to == HOTELS
    assert checked(covers_to=TRAIN).covers_to == TRAIN


def test_ids_written_as_text_and_marks_are_read() -> None:
    memory = checked(facts=[claim("Ana moved.") | {"message_ids": [str(MOVED), "[#104]", "x", 1.5, True]}])
    assert memory.of(MemoryPart.FACTS)[0].message_ids == (MOVED, ASKED)


def test_what_was_deleted_or_only_thought_shows_nothing() -> None:
    thought = Message(BEGAN, MessageType.THINKING, "Ana owns a castle", message_id=500)
    with pytest.raises(RefusedInputError):
        checked_memory({"facts": [claim("Ana owns a castle", 500)]}, [*lisbon(), thought], PEOPLE)


def test_a_memory_that_was_stored_is_read_back_as_it_was() -> None:
    memory = checked(
        facts=[claim("Ana moved to Lisbon.", MOVED)],
        people=[claim("Moved.", MOVED, name="Ana")],
        intents=[claim("Plan a trip.", ASKED, name="plan_trip", confidence=0.5)],
    )
    assert checked_memory(memory.as_data(), lisbon(), PEOPLE) == memory


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["text", "message_ids", "name"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*record()]), JSON))
def test_whatever_is_posted_is_refused_or_can_be_stored(data: dict[str, object]) -> None:
    try:
        memory = checked_memory(data, lisbon(), PEOPLE)
    except RefusedInputError:
        return
    stored = json.loads(json.dumps(memory.as_data(), allow_nan=False))
    assert stored["source"] in {"model", "offline", "person"}
    assert "\x00" not in json.dumps(stored, ensure_ascii=False)
