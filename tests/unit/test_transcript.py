"""A conversation as JSON, there and back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.conversation_head import ConversationState, CreatedReason, StoredConversation
from source.domain.errors import TranscriptDamagedError, TranscriptForeignError, TranscriptUnwritableError
from source.domain.message import Message, MessageType, Standing
from source.domain.outcome import Outcome
from source.domain.personal_data import Kind
from source.domain.thread import Platform, ThreadRef
from source.domain.transcript import decode_transcript, encode_transcript
from tests.fakes.transcript_samples import MORNING, a_conversation, a_head

SEED_KEYS = [
    "created_at",
    "updated_at",
    "summary",
    "guild_id",
    "guild_name",
    "requester",
    "participants",
    "history",
]

lone_halves = st.sampled_from(["\ud800", "\udfff", "a\ud83db", "\x00", "\u202e\u2067", "\x1b[31m", "\u2028", '\\"\n'])
moments = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2900, 1, 1))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
messages = st.builds(
    Message,
    created_at=moments | moments.map(lambda moment: moment.replace(tzinfo=UTC)),
    message_type=st.sampled_from(MessageType),
    message_content=st.text() | lone_halves,
    tools=st.none() | st.lists(st.dictionaries(st.text(), json_values), max_size=2),
    requester=st.none() | st.text() | lone_halves,
    message_id=st.integers(1, 2**53),
    event_id=st.none() | st.text(),
    interrupted=st.booleans(),
    edited_at=st.none() | moments.map(lambda moment: moment.replace(tzinfo=UTC)),
    standing=st.sampled_from(Standing),
    pii=st.lists(st.sampled_from(Kind), unique=True).map(lambda kinds: tuple(kind.value for kind in kinds)),
)


def round_trip(conversation: StoredConversation) -> StoredConversation:
    return decode_transcript(encode_transcript(conversation), conversation.head.filename)


def document_of(conversation: StoredConversation) -> dict[str, object]:
    document = json.loads(encode_transcript(conversation))
    assert isinstance(document, dict)
    return document


@given(said=st.lists(messages, max_size=3), title=st.text() | lone_halves, people=st.dictionaries(st.text(), st.text()))
def test_whatever_was_said_comes_back_exactly(said: list[Message], title: str, people: dict[str, str]) -> None:
    conversation = StoredConversation(a_head(title=title), tuple(said), people)
    assert round_trip(conversation) == conversation


def test_every_field_of_the_head_comes_back() -> None:
    head = a_head(
        2**53 - 1,
        thread=ThreadRef(Platform.TERMINAL, "kitchen"),
        requester=None,
        created_reason=CreatedReason.WINDOW_PASSED,
        filename="any.json",
        state=ConversationState.ARCHIVED,
        last_message_at=None,
        parent_conversation_id=7,
        title="Cakes",
        summary="About cakes",
        carried_summary="Likes cakes",
        running_summary="Has baked",
        context_start=12,
        resumed_at=MORNING + timedelta(hours=1),
        ended_at=MORNING + timedelta(hours=2),
    )
    conversation = StoredConversation(head, (), {})
    assert round_trip(conversation) == conversation


def test_what_was_edited_deleted_or_superseded_says_so() -> None:
    first, second, third = a_conversation(1, "new words", "an answer", "").messages
    changed = (
        replace(first, edited_at=MORNING + timedelta(hours=1)),
        replace(second, standing=Standing.SUPERSEDED, delivery=Outcome.READ),
        replace(third, standing=Standing.DELETED, pii=("email", "phone")),
    )
    conversation = replace(a_conversation(), messages=changed)
    history = document_of(conversation)["history"]
    assert isinstance(history, list)
    assert [entry["meta"] for entry in history] == [
        {"requester": "42", "event_id": "event-1-0", "edited_at": "2026-03-02T10:00:00.000000+00:00"},
        {"standing": "superseded", "delivery": "read"},
        {"requester": "42", "event_id": "event-1-2", "standing": "deleted", "pii": ["email", "phone"]},
    ]
    assert round_trip(conversation).messages == changed


def test_a_circle_is_written_where_there_is_one() -> None:
    closed = a_conversation(1, thread=replace(a_head().thread, circle="staff"))
    assert document_of(closed)["circle"] == "staff"
    assert round_trip(closed) == closed
    assert "circle" not in document_of(a_conversation())


def test_a_standing_that_nobody_knows_is_damage() -> None:
    content = encode_transcript(a_conversation()).replace(b'"event_id": ', b'"standing": "burnt", "event_id": ')
    with pytest.raises(TranscriptDamagedError, match="standing"):
        decode_transcript(content, "a.json")


def test_a_naive_time_stays_naive_and_an_aware_one_becomes_utc() -> None:
    naive = Message(datetime(2025, 11, 25, 10, 30), MessageType.CHAT, "local", message_id=1)
    abroad = Message(
        datetime(2025, 11, 25, 10, 30, tzinfo=timezone(timedelta(hours=5))), MessageType.CHAT, "abroad", message_id=2
    )
    first, second = round_trip(StoredConversation(a_head(), (naive, abroad), {})).messages
    assert first.created_at == datetime(2025, 11, 25, 10, 30)
    assert first.created_at.tzinfo is None
    assert second.created_at == abroad.created_at
    assert second.created_at.tzinfo is UTC


def test_a_megabyte_comes_back() -> None:
    conversation = a_conversation(1, "ü\x00\ud800" * 350_000)
    assert round_trip(conversation) == conversation


def test_the_halves_of_a_pair_come_back_as_the_character_that_they_are() -> None:
    assert round_trip(a_conversation(1, "\ud83d\ude00")).messages[0].message_content == "😀"


def test_the_file_is_the_seeds_with_more_keys() -> None:
    document = document_of(a_conversation())
    assert [key for key in document if key in SEED_KEYS] == SEED_KEYS
    assert document["created_at"] == "2026-03-02T09:00:00.000000+00:00"
    assert document["history"] == [
        {
            "created_at": "2026-03-02T09:00:00.000000+00:00",
            "message_type": "chat",
            "message_content": "Hello, Echo!",
            "message_id": 1000,
            "meta": {"requester": "42", "event_id": "event-1-0"},
        },
        {
            "created_at": "2026-03-02T09:00:01.000000+00:00",
            "message_type": "chat",
            "message_content": "Hi! How can I help you?",
            "message_id": 1001,
            "meta": {},
        },
    ]


def test_a_tool_call_is_written_as_in_the_seed_and_indented_like_the_rest() -> None:
    tools = [{"name": "search_documents", "params": {"query": "async", "limit": 5}}]
    call = Message(MORNING, MessageType.TOOL_CALL, "Calling search_documents", tools=tools, message_id=1)
    content = encode_transcript(StoredConversation(a_head(), (call,), {}))
    document = json.loads(content)
    assert document["history"][0]["meta"] == {"tools": tools}
    assert content.decode() == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def test_the_file_is_readable_text_in_every_script() -> None:
    assert "Grüße, 世界 👋".encode() in encode_transcript(a_conversation(1, "Grüße, 世界 👋"))


def test_participants_are_those_who_spoke_in_order_with_the_one_who_began_first() -> None:
    said = [Message(MORNING, MessageType.CHAT, "x", requester=person) for person in ("7", "42", "7", "9")]
    document = document_of(StoredConversation(a_head(), tuple(said), {"9": "Nine", "42": "Ada"}))
    assert document["participants"] == ["42", "7", "9"]
    assert document["people"] == {"42": "Ada", "9": "Nine"}


def test_the_same_conversation_gives_the_same_bytes_whatever_the_order_of_its_people() -> None:
    conversation = a_conversation()
    one = replace(conversation, people={"1": "a", "2": "b"})
    other = replace(conversation, people={"2": "b", "1": "a"})
    assert encode_transcript(one) == encode_transcript(other)


def test_tool_parameters_that_json_has_no_word_for_become_text() -> None:
    tools = [{"name": "t", "params": {"limit": float("nan"), "when": MORNING, "both": (1, 2)}}]
    call = Message(MORNING, MessageType.TOOL_CALL, "", tools=tools, message_id=1)
    assert round_trip(StoredConversation(a_head(), (call,), {})).messages[0].tools == [
        {"name": "t", "params": {"limit": "nan", "when": str(MORNING), "both": [1, 2]}}
    ]


def test_keys_that_are_not_known_are_read_over() -> None:
    content = encode_transcript(a_conversation()).replace(b'"title"', b'"mood": "good",\n  "title"')
    assert decode_transcript(content, "") == a_conversation()


WHOLE = encode_transcript(a_conversation())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        WHOLE[: len(WHOLE) // 2],
        WHOLE + b"}",
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b'{"schema_version": 1}',
        WHOLE.replace(b'"state": "active"', b'"state": "asleep"'),
        WHOLE.replace(b'"message_type": "chat"', b'"message_type": "shout"'),
        WHOLE.replace(b"2026-03-02T09:00:01", b"yesterday"),
        WHOLE.replace(b'"Hello, Echo!"', b"17"),
    ],
    ids=range(11),
)
def test_what_is_not_whole_is_damaged(content: bytes) -> None:
    with pytest.raises(TranscriptDamagedError, match=r"^broken\.json: "):
        decode_transcript(content, "broken.json")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[]", "not a transcript"),
        (b"null", "not a transcript"),
        (b'{"name": "package", "version": "1.0"}', "not a transcript"),
        (b'{"schema_version": "one"}', "not a transcript"),
        (WHOLE.replace(b'"schema_version": 1', b'"schema_version": 2'), "later Echo"),
    ],
)
def test_what_is_not_a_transcript_that_this_echo_reads_is_foreign(content: bytes, reason: str) -> None:
    with pytest.raises(TranscriptForeignError, match=reason):
        decode_transcript(content, "other.json")


def test_an_error_does_not_repeat_what_was_said() -> None:
    content = encode_transcript(a_conversation(1, "my secret")).replace(b'"chat"', b'"my secret type"')
    with pytest.raises(TranscriptDamagedError) as raised:
        decode_transcript(content, "broken.json")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_what_json_cannot_hold_is_unwritable_and_says_why() -> None:
    nested: dict[str, object] = {}
    for _ in range(1_000):
        nested = {"secret": nested}
    deep = a_tool_call({"name": "search", "params": nested})
    with pytest.raises(TranscriptUnwritableError, match="nested too deeply") as caught:
        encode_transcript(deep)
    assert "secret" not in str(caught.value)
    with pytest.raises(TranscriptUnwritableError, match=r"cannot be written as JSON \(ValueError\)"):
        encode_transcript(a_tool_call({"name": "search", "params": {"number": 10**5_000}}))


def a_tool_call(tool: Mapping[str, object]) -> StoredConversation:
    message = Message(MORNING, MessageType.TOOL_CALL, "Calling", tools=[tool], message_id=1)
    return replace(a_conversation(), messages=(message,))
