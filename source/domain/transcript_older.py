"""Ids for transcripts from before there were any, the same ones at every reading."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.message import as_utc
from source.domain.thread import Platform, ThreadRef
from source.domain.transcript_format import OlderTranscript

# The layout of `IdGenerator`: milliseconds above 12 bits, which here tell the conversation.
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_LOW_BITS = 12
_BEFORE_EPOCH_BITS = 31


def restored_older(older: OlderTranscript, filename: str) -> StoredConversation:
    """Return the conversation as ended, in a Discord thread of its own: the older format did not name the thread."""
    digest = _digest(older)
    conversation_id = _made_up_id(older.created_at, digest)
    moments = [as_utc(entry.created_at) for entry in older.history]
    updated_at = as_utc(older.updated_at)
    head = ConversationHead(
        conversation_id=conversation_id,
        thread=ThreadRef(Platform.DISCORD, f"transcript-{conversation_id}", older.guild_id, older.guild_name),
        requester=older.requester,
        created_at=as_utc(older.created_at),
        updated_at=updated_at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename=filename,
        state=ConversationState.ENDED,
        last_message_at=max(moments, default=None),
        summary=older.summary or "",
        ended_at=updated_at,
    )
    ids = _message_ids(moments, digest)
    messages = tuple(entry.as_message(message_id) for entry, message_id in zip(older.history, ids, strict=True))
    return StoredConversation(head, messages, {person: person for person in older.participants})


def _digest(older: OlderTranscript) -> int:
    """Return a number that stays the same while the conversation grows or its file is renamed."""
    opening = older.history[0] if older.history else None
    known = (
        older.created_at.isoformat(),
        older.guild_id,
        older.requester,
        opening and (opening.created_at.isoformat(), opening.message_content),
    )
    return int.from_bytes(hashlib.sha256(repr(known).encode("utf-8", "surrogatepass")).digest()[:8])


def _made_up_id(moment: datetime, digest: int) -> int:
    milliseconds = int((as_utc(moment) - _EPOCH).total_seconds() * 1000)
    if milliseconds <= 0:
        milliseconds = (digest >> _LOW_BITS) % (1 << _BEFORE_EPOCH_BITS)
    return (milliseconds << _LOW_BITS) + digest % (1 << _LOW_BITS)


def _message_ids(moments: list[datetime], digest: int) -> Iterator[int]:
    last = 0
    for moment in moments:
        last = max(_made_up_id(moment, digest), last + (1 << _LOW_BITS))
        yield last
