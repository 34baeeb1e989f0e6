"""What may be written into records, and how pages are named."""

from datetime import UTC, datetime

import pytest

from source.domain.errors import RefusedInputError
from source.domain.record_cursor import LONGEST_CURSOR_CHARS, cursor_after, position_of
from source.domain.record_field import Given, nearest
from source.domain.record_values import MOST_JSON_CHARS, MOST_JSON_LEVELS, values_to_change, values_to_create
from source.domain.records import COLLECTIONS, MESSAGES, SESSIONS, USER_SUMMARIES, Collection

SAID = {"session_id": "7", "role": "user", "content": "Hello"}


def test_what_is_given_is_returned_as_records_have_it() -> None:
    given = {**SAID, "timestamp": "2026-03-02T10:00:00+01:00", "confidence": 1, "tags": [" Big  Boxes", "big boxes"]}
    assert values_to_create(MESSAGES, given) == {
        "session_id": 7,
        "role": "user",
        "content": "Hello",
        "timestamp": datetime(2026, 3, 2, 9, tzinfo=UTC),
        "confidence": 1,
        "tags": ("big boxes",),
    }
    assert values_to_change(SESSIONS, {"outlet_id": 3.0, "language": None}) == {"outlet_id": 3, "language": None}
    deep = {"a": [1, {"b": None}], "é": True}
    assert values_to_change(SESSIONS, {"context": deep}) == {"context": deep}


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("collection", "given", "sentence"),
    [
        (SESSIONS, [], "record: an object of fields and values is expected."),
        (SESSIONS, {"titel": "x"}, "there is no field 'titel'; did you mean title?"),
        (SESSIONS, {"session_id": "7"}, "record.session_id: it cannot be set here"),
        (SESSIONS, {"title": None}, "record.title: it cannot be null."),
        (SESSIONS, {"title": 1}, "record.title: text is expected."),
        (SESSIONS, {"title": "x" * 201}, "0 to 200 characters"),
        (SESSIONS, {"user_id": ""}, "1 to 200 characters"),
        (SESSIONS, {"user_id": "\x00"}, "no NUL"),
        (SESSIONS, {"platform": "fax"}, "one of discord, whatsapp, web, terminal is expected."),
        (SESSIONS, {"outlet_id": 1.5}, "a whole number is expected."),
        (SESSIONS, {"outlet_id": -1}, "a number from 0 to 2147483647"),
        (SESSIONS, {"outlet_id": 2**31}, "a number from 0 to 2147483647"),
        (SESSIONS, {"outlet_id": True}, "a number is expected."),
        (SESSIONS, {"is_starred": "yes"}, "true or false is expected."),
        (SESSIONS, {"start_time": "soon"}, "a time such as"),
        (SESSIONS, {"intents": "x"}, "an object is expected."),
        (SESSIONS, {"intents": {"a": float("inf")}}, "at most 2^53 - 1"),
        (SESSIONS, {"intents": {"a": [2**54]}}, "at most 2^53 - 1"),
        (SESSIONS, {"intents": {"a": "\x00"}}, "no NUL"),
        (SESSIONS, {"intents": {"\ud800": 1}}, "no lone surrogate"),
        (SESSIONS, {"intents": {"x" * 201: 1}}, "keys of at most 200 characters"),
        (SESSIONS, {"intents": nested(MOST_JSON_LEVELS)}, "at most 8 levels"),
        (SESSIONS, {"context": {"a": "x" * MOST_JSON_CHARS}}, "at most 20000 characters"),
        (SESSIONS, {"context": {"a": [0] * 1000}}, "at most 20000 characters"),
        (MESSAGES, {"role": "user", "content": "x"}, "record.session_id: every message needs one."),
        (MESSAGES, {**SAID, "session_id": "x"}, "an id, which is a number"),
        (MESSAGES, {**SAID, "content": ""}, "1 to 100000 characters"),
        (MESSAGES, {**SAID, "confidence": 1.1}, "a number from 0 to 1"),
        (MESSAGES, {**SAID, "tags": "x"}, "a list of words is expected."),
        (MESSAGES, {**SAID, "tags": [1]}, "a list of words is expected."),
        (MESSAGES, {**SAID, "tags": [" "]}, "record.tags: A tag has 1 to 40 characters"),
        (MESSAGES, {**SAID, "sentiment": "bored"}, "one of positive, negative, neutral, mixed"),
        (USER_SUMMARIES, {"user_id": "ann", "total_messages": 5}, "it cannot be set here"),
    ],
)
def test_what_is_wrong_with_a_new_record_is_said(collection: Collection, given: object, sentence: str) -> None:
    with pytest.raises(RefusedInputError) as refused:
        values_to_create(collection, given)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({}, "at least one field"), ({"user_id": "x"}, "it cannot be set here"), ({"state": "ended"}, "cannot be set")],
)
def test_what_is_wrong_with_a_change_is_said(given: object, sentence: str) -> None:
    with pytest.raises(RefusedInputError, match=sentence):
        values_to_change(SESSIONS, given)


@pytest.mark.parametrize("collection", COLLECTIONS.values())
def test_the_examples_of_fields_can_be_written(collection: Collection) -> None:
    fields = [field for field in collection.fields.values() if field.given is not Given.NEVER]
    assert values_to_create(collection, {field.name: field.example for field in fields})


def test_an_order_ends_with_the_key_and_names_each_field_once() -> None:
    def order(*names: str) -> list[str]:
        return [("-" if each.descending else "") + each.field.name for each in SESSIONS.order_of(names)]

    assert order() == ["-start_time", "-session_id"]
    assert order("title") == ["title", "session_id"]
    assert order("title", "-title", "-user_id") == ["title", "-user_id", "-session_id"]
    assert order("-session_id", "title") == ["-session_id"]


def test_a_cursor_says_where_a_page_ended() -> None:
    order = SESSIONS.order_of(["-end_time", "title"])
    record = {"end_time": None, "title": "é", "session_id": 7}
    assert position_of(cursor_after(record, order), order) == (None, "é", 7)
    at = datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)
    assert position_of(cursor_after({**record, "end_time": at}, order), order) == (at, "é", 7)


@pytest.mark.parametrize("char", ["\U0001f600", "\x01", "é", '"'])
def test_whatever_a_page_ends_with_its_cursor_is_taken(char: str) -> None:
    order = SESSIONS.order_of(["-user_id", "-thread_id", "-guild_id", "-title", "-summary"])
    text = char * 200
    record = {"user_id": text, "thread_id": text, "guild_id": text, "title": text, "summary": text * 90}
    cursor = cursor_after({**record, "session_id": 2**53 - 1}, order)
    assert len(cursor) <= LONGEST_CURSOR_CHARS
    assert position_of(cursor, order) == (*[text] * 5, 2**53 - 1)


@pytest.mark.parametrize("cursor", ["", "x", "é", "bnVsbA", "W10", "W1tdLFtdXQ", "A" * 4001])
def test_a_cursor_of_nothing_is_refused(cursor: str) -> None:
    with pytest.raises(RefusedInputError, match="not a `next` of this list"):
        position_of(cursor, SESSIONS.order_of([]))


def test_a_cursor_of_another_order_is_refused() -> None:
    record = {"start_time": datetime(2026, 3, 2, tzinfo=UTC), "session_id": 7}
    cursor = cursor_after(record, SESSIONS.order_of([]))
    with pytest.raises(RefusedInputError, match="begin without it"):
        position_of(cursor, SESSIONS.order_of(["start_time"]))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("query", "did you mean q?"),
        ("user", "did you mean user_id?"),
        ("limt", "did you mean limit?"),
        ("usr_id", "did you mean user_id?"),
        ("idlimit", "did you mean limit?"),
        ("zebra", "there are limit, q, user_id."),
        ("", "there are limit, q, user_id."),
    ],
)
def test_the_nearest_name_is_one_spelled_alike_or_begun_alike(word: str, told: str) -> None:
    assert nearest(word, ["q", "user_id", "limit"]) == told
