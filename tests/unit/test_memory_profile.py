"""Values of profiles among what is remembered: by a model or by rule, only what messages show."""

import pytest

from source.domain.memory import Memory, MemoryPart, MemorySource
from source.domain.memory_check import checked_memory, with_valid_profile
from source.domain.memory_model import response_schema
from source.domain.memory_offline import offline_memory
from source.domain.message import Message
from source.domain.profile_fields import ProfileRules
from tests.fakes.memory_work import MemoryWork, answer
from tests.fakes.store_samples import ANN, BEN, said

PEOPLE = {"ann": "Ann", "ben": "Ben"}


def _claim(field: str, value: str, *messages: Message) -> dict[str, object]:
    return {"name": field, "text": value, "message_ids": [message.message_id for message in messages]}


def _kept(claims: list[dict[str, object]], *messages: Message, source: str = "model") -> list[tuple[str | None, str]]:
    data = {"summary": "Ann says hello.", "profile": claims, "source": source, "covers_to": 1}
    memory = checked_memory(data, messages, PEOPLE)
    return [(item.name, item.text) for item in memory.of(MemoryPart.PROFILE)]


def test_what_a_message_shows_is_kept_under_the_field_s_own_name() -> None:
    message = said("Hello, my mail is ann@x.org and I speak German")
    claims = [_claim("E-Mail", "ann@x.org", message), _claim("language", "German", message)]
    assert _kept(claims, message) == [("email", "ann@x.org"), ("language", "de")]


def test_what_is_made_up_or_of_others_or_said_by_echo_is_dropped() -> None:
    hers, of_him = said("Hello, my mail is ann@x.org"), said("My brother is at tom@x.org")
    echoes = said("I am Echo of Acme", by=None)
    claims = [
        _claim("email", "bob@x.org", hers),
        _claim("email", "tom@x.org", of_him),
        _claim("company", "Acme", echoes),
        _claim("email", "not an address", hers),
        _claim("!", "Hello", hers),
    ]
    assert _kept(claims, hers, of_him, echoes) == []


def test_of_cited_messages_only_those_that_show_it_are_named() -> None:
    greeting, telling = said("Hello"), said("I work at Acme")
    data = {"summary": "Hello", "profile": [_claim("company", "Acme", greeting, telling)]}
    [item] = checked_memory(data, [greeting, telling], PEOPLE).of(MemoryPart.PROFILE)
    assert item.message_ids == (telling.message_id,)


def test_what_is_looked_up_and_not_there_is_dropped_and_counted() -> None:
    message = said("My number is 030 901821, my zone Mars/Base, my name Ann")
    claims = [
        _claim("phone", "030 901821", message),
        _claim("name", "Ann", message),
    ]
    memory = checked_memory({"summary": "Ann", "profile": claims}, [message], PEOPLE)
    valid = with_valid_profile(memory, ProfileRules(is_phone=lambda _: False))
    assert [item.name for item in valid.of(MemoryPart.PROFILE)] == ["name"]
    assert valid.dropped == memory.dropped + 1
    assert with_valid_profile(valid, ProfileRules()) is valid


def test_without_a_model_what_people_tell_is_found_in_their_words() -> None:
    messages = [
        said("Hi, my name is Ann Lee."),
        said("Nice to meet you, my name is Echo.", by=None),
        said("Call me Ben", by=BEN),
    ]
    memory: Memory = offline_memory(messages, PEOPLE, language=None)
    found = [(item.name, item.text, item.message_ids) for item in memory.of(MemoryPart.PROFILE)]
    assert found == [
        ("name", "Ann Lee", (messages[0].message_id,)),
        ("name", "Ben", (messages[2].message_id,)),
    ]
    again = checked_memory(memory.as_data(), messages, PEOPLE)
    assert again.of(MemoryPart.PROFILE) == memory.of(MemoryPart.PROFILE)


def test_an_answer_without_a_profile_is_taken() -> None:
    schema = response_schema()
    assert "profile" in str(schema["properties"])
    assert "profile" not in str(schema["required"])


@pytest.mark.parametrize("number", ["+49 30 901820", "+49 30 000000"])
async def test_the_memory_that_is_kept_has_values_that_were_looked_up(number: str) -> None:
    told = answer(profile=[{"name": "phone", "text": number, "message_ids": [1]}])
    work = MemoryWork([told])
    work.service = type(work.service)(
        work.desk, work.by_model, work.clock, pauses=(), rules=ProfileRules(is_phone="+4930901820".__eq__)
    )
    conversation = await work.put(f"Hi, call me on {number}", "I will.")
    await work.service.make(conversation)
    memory = work.memories.kept[conversation]
    assert memory.source is MemorySource.MODEL
    kept = [item["text"] for item in memory.memory_data["profile"]]  # type: ignore[attr-defined]  # a list of records
    assert kept == ([number] if number == "+49 30 901820" else [])


def test_who_is_named_in_a_record_by_hand_needs_no_message() -> None:
    message = said("Hello", by=ANN)
    assert _kept([_claim("company", "Acme")], message, source="person") == [("company", "Acme")]
