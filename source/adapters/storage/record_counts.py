"""What is counted for the summaries of people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Select, and_, func, select

from source.adapters.storage.operation_tables import conversation_metadata, message_metadata
from source.adapters.storage.record_conditions import inside
from source.adapters.storage.tables import messages, participants
from source.domain.message import MessageType, Standing


@dataclass(frozen=True, slots=True)
class Counted:
    """What one person did; the names are those of the columns."""

    total_conversations: int = 0
    total_messages: int = 0
    first_interaction: datetime | None = None
    last_interaction: datetime | None = None
    intents: dict[str, int] = field(default_factory=dict)


def counted(connection: Connection, user_ids: Sequence[str]) -> dict[str, Counted]:
    """Return what each of these people did, wherever that id is theirs."""
    took_part = participants.c.external_id.in_(user_ids)
    joined = (
        select(participants.c.external_id, func.count().label("number"))
        .where(took_part)
        .group_by(participants.c.external_id)
    )
    conversations = {row.external_id: row.number for row in connection.execute(joined)}
    said = {row.requester: row for row in connection.execute(_said(user_ids))}
    intents = _intents(connection, user_ids)
    return {
        user: Counted(
            conversations.get(user, 0),
            said[user].number if user in said else 0,
            said[user].first if user in said else None,
            said[user].last if user in said else None,
            dict(sorted(intents[user].items())) if user in intents else {},
        )
        for user in user_ids
    }


def _said(user_ids: Sequence[str]) -> Select[tuple[str | None, int, datetime, datetime]]:
    own = and_(
        participants.c.conversation_id == messages.c.conversation_id,
        participants.c.external_id == messages.c.requester,
    )
    times = messages.c.created_at
    return (
        select(
            messages.c.requester,
            func.count().label("number"),
            func.min(times).label("first"),
            func.max(times).label("last"),
        )
        .select_from(participants.join(messages, own))
        .where(
            participants.c.external_id.in_(user_ids),
            messages.c.message_type == MessageType.CHAT.value,
            messages.c.standing == Standing.KEPT.value,
        )
        .group_by(messages.c.requester)
    )


def _intents(connection: Connection, user_ids: Sequence[str]) -> dict[str, Counter[str]]:
    """Count the conversations in which each intent came up, as the session's first or as that of a message."""
    primary = inside(conversation_metadata.c.intents, ("primary",), connection.dialect.name).text
    of_sessions = (
        select(participants.c.external_id, participants.c.conversation_id, primary)
        .join(conversation_metadata, conversation_metadata.c.conversation_id == participants.c.conversation_id)
        .where(participants.c.external_id.in_(user_ids), primary.is_not(None))
    )
    of_messages = (
        select(messages.c.requester, messages.c.conversation_id, message_metadata.c.intent)
        .select_from(participants)
        .join(message_metadata, message_metadata.c.conversation_id == participants.c.conversation_id)
        .join(
            messages,
            and_(
                messages.c.conversation_id == message_metadata.c.conversation_id,
                messages.c.id == message_metadata.c.message_id,
            ),
        )
        .where(
            participants.c.external_id.in_(user_ids),
            messages.c.requester == participants.c.external_id,
            messages.c.standing == Standing.KEPT.value,
            message_metadata.c.intent.is_not(None),
        )
        .distinct()
    )
    found = {tuple(row) for query in (of_sessions, of_messages) for row in connection.execute(query)}
    counts: dict[str, Counter[str]] = {}
    for user, _, intent in found:
        counts.setdefault(user, Counter())[intent] += 1
    return counts
