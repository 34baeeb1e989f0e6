"""Transcripts from before the format had a version."""

import json
from datetime import datetime, timedelta

from source.domain.conversation_head import ConversationState
from source.domain.message import as_utc
from source.domain.thread import Platform
from source.domain.transcript import decode_transcript, encode_transcript

OLDER = """{
  "created_at": "2025-11-25T10:30:00.000000",
  "updated_at": "2025-11-25T10:35:00.000000",
  "summary": "User asked about async programming",
  "guild_id": "987654321",
  "guild_name": "My Discord Server",
  "requester": "123456789012345678",
  "participants": ["123456789012345678", "987654321012345678"],
  "history": [
    {
      "created_at": "2025-11-25T10:30:00.123456",
      "message_type": "chat",
      "message_content": "Hello, Echo!",
      "meta": {"requester": "123456789012345678"}
    },
    {
      "created_at": "2025-11-25T10:30:05.123456",
      "message_type": "tool_call",
      "message_content": "Calling search_documents",
      "meta": {"tools": [{"name": "search_documents", "params": {"query": "python async", "limit": 5}}]}
    },
    {
      "created_at": "2025-11-25T10:30:03.123456",
      "message_type": "chat",
      "message_content": "Hi! How can I help you?",
      "meta": {}
    }
  ]
}"""
NAME = "2025-11-25_conversation-with-123456789012345678-in-987654321.json"


def edited(**changes: object) -> bytes:
    return json.dumps(json.loads(OLDER) | changes).encode()


def test_an_older_transcript_is_read_whole() -> None:
    conversation = decode_transcript(OLDER.encode(), NAME)
    head = conversation.head
    assert (head.thread.platform, head.thread.guild_id) == (Platform.DISCORD, "987654321")
    assert (head.requester, head.summary) == ("123456789012345678", "User asked about async programming")
    assert (head.filename, head.state) == (NAME, ConversationState.ENDED)
    assert head.created_at == as_utc(datetime(2025, 11, 25, 10, 30))
    assert head.last_message_at == as_utc(datetime(2025, 11, 25, 10, 30, 5, 123456))
    assert set(conversation.people) == {"123456789012345678", "987654321012345678"}
    assert [message.message_content for message in conversation.messages] == [
        "Hello, Echo!",
        "Calling search_documents",
        "Hi! How can I help you?",
    ]
    assert conversation.messages[0].created_at == datetime(2025, 11, 25, 10, 30, 0, 123456)


def test_its_made_up_ids_rise_fit_into_53_bits_and_are_the_same_each_time() -> None:
    first, again = decode_transcript(OLDER.encode(), NAME), decode_transcript(OLDER.encode(), "renamed.json")
    ids = [message.message_id for message in first.messages]
    assert ids == sorted(set(ids))
    assert 0 < first.head.conversation_id < 2**53
    assert max(ids) < 2**53
    assert [message.message_id for message in again.messages] == ids
    assert again.head.conversation_id == first.head.conversation_id


def test_its_ids_stay_while_it_grows_and_differ_from_another_conversations() -> None:
    entries = json.loads(OLDER)["history"]
    grown = decode_transcript(edited(history=[*entries, entries[-1]]), NAME)
    other = decode_transcript(edited(requester="1"), NAME)
    conversation_id = decode_transcript(OLDER.encode(), NAME).head.conversation_id
    assert grown.head.conversation_id == conversation_id
    assert other.head.conversation_id != conversation_id


def test_a_transcript_from_before_the_first_possible_id_gets_ids_too() -> None:
    old = [decode_transcript(edited(created_at=f"2019-01-0{day}T00:00:00"), NAME) for day in range(1, 9)]
    ids = {conversation.head.conversation_id for conversation in old}
    assert len(ids) == 8
    assert all(0 < made_up < 2**53 for made_up in ids)


def test_an_empty_one_without_a_summary_is_read() -> None:
    conversation = decode_transcript(edited(history=[], summary=None, guild_id=None, guild_name=None), NAME)
    assert (conversation.messages, conversation.head.summary) == ((), "")
    assert conversation.head.last_message_at is None
    assert conversation.head.last_activity <= conversation.head.updated_at + timedelta(0)


def test_once_written_it_is_the_same_conversation() -> None:
    conversation = decode_transcript(OLDER.encode(), NAME)
    assert decode_transcript(encode_transcript(conversation), NAME) == conversation
