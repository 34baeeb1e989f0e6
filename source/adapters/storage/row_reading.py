"""From rows to values."""

from typing import Any, Final

from sqlalchemy import Row

from source.adapters.storage.tables import conversations, messages, threads
from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason
from source.domain.message import Message, MessageType, Standing
from source.domain.outcome import Outcome
from source.domain.thread import Platform, ThreadRef

# Any: the columns of a row are known to the statement, not to the type checker.
AnyRow = Row[*tuple[Any, ...]]

THREAD_COLUMNS: Final = (
    threads.c.platform,
    threads.c.thread_id,
    threads.c.guild_id,
    threads.c.guild_name,
    threads.c.circle,
)
HEAD_COLUMNS: Final = tuple(
    column.label("conversation_key") if column.name == "id" else column
    for column in conversations.columns
    if column.name not in {"thread_key", "is_active"}
)
# `message_from` takes them by position: a conversation may have tens of thousands.
MESSAGE_COLUMNS: Final = (
    messages.c.created_at,
    messages.c.message_type,
    messages.c.content,
    messages.c.tools,
    messages.c.requester,
    messages.c.id,
    messages.c.event_id,
    messages.c.interrupted,
    messages.c.edited_at,
    messages.c.standing,
    messages.c.pii,
    messages.c.delivery,
)
_COLUMNS: Final = len(MESSAGE_COLUMNS)
_TYPES: Final = {kind.value: kind for kind in MessageType}
_STANDINGS: Final = {standing.value: standing for standing in Standing}


def thread_from(row: AnyRow) -> ThreadRef:
    """Read a row that has THREAD_COLUMNS."""
    return ThreadRef(Platform(row.platform), row.thread_id, row.guild_id, row.guild_name, row.circle)


def head_from(row: AnyRow) -> ConversationHead:
    """Read a row that has HEAD_COLUMNS and THREAD_COLUMNS."""
    return ConversationHead(
        conversation_id=row.conversation_key,
        thread=thread_from(row),
        requester=row.requester,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_reason=CreatedReason(row.conversation_created_reason),
        filename=row.filename,
        state=ConversationState(row.state),
        last_message_at=row.last_message_at,
        parent_conversation_id=row.parent_conversation_id,
        title=row.title,
        summary=row.summary,
        carried_summary=row.carried_summary,
        running_summary=row.running_summary,
        context_start=row.context_start,
        resumed_at=row.resumed_at,
        ended_at=row.ended_at,
    )


def message_from(row: AnyRow) -> Message:
    """Read a row that begins with MESSAGE_COLUMNS."""
    created_at, kind, content, tools, requester, message_id, event_id, interrupted, *rest = row[:_COLUMNS]
    edited_at, standing, pii, delivery = rest
    return Message(
        created_at,
        _TYPES[kind],
        content,
        tools,
        requester,
        message_id,
        event_id,
        interrupted,
        edited_at,
        _STANDINGS[standing],
        tuple(pii) if pii else (),
        Outcome(delivery) if delivery else Outcome.UNTOLD,
    )
