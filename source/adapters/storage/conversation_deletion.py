"""What deleting a conversation takes out of the database."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select, update

from source.adapters.storage.fact_tables import facts, forgotten_facts
from source.adapters.storage.interaction_tables import interaction_names, interactions
from source.adapters.storage.operation_tables import (
    archives,
    conversation_memories,
    conversation_metadata,
    memory_failures,
    message_metadata,
)
from source.adapters.storage.parked_table import forget_parked
from source.adapters.storage.profile_tables import profile_values
from source.adapters.storage.reaction_table import delete_reactions
from source.adapters.storage.record_counts import refresh_summaries
from source.adapters.storage.search_index import index_of
from source.adapters.storage.tables import (
    conversations,
    events,
    feedback,
    messages,
    participants,
    sent_parts,
    sent_statuses,
    threads,
    usage,
)
from source.domain.turn import EventState

# So many at a time, so that a long conversation needs neither much memory nor a statement of many values.
_MESSAGES_AT_ONCE: Final = 500
_PARTS: Final = (
    message_metadata,
    conversation_metadata,
    facts,
    forgotten_facts,
    profile_values,
    conversation_memories,
    memory_failures,
    archives,
    participants,
    interactions,
    interaction_names,
    usage,
)


def deletion_of(conversation_id: int) -> Callable[[Connection, datetime], int]:
    """Delete a conversation, all of it in one transaction: half of one would be taken for a whole one.

    Other writes wait for that, on a busy machine a quarter of a second for each thousand messages.
    """

    def apply(connection: Connection, _now: datetime) -> int:
        took_part = select(participants.c.external_id).where(participants.c.conversation_id == conversation_id)
        people = set(connection.execute(took_part).scalars())
        while _delete_messages(connection, conversation_id):
            pass
        for part in _PARTS:
            connection.execute(delete(part).where(part.c.conversation_id == conversation_id))
        refresh_summaries(connection, people)
        return connection.execute(delete(conversations).where(conversations.c.id == conversation_id)).rowcount

    return apply


def strip_events(connection: Connection, keys: Sequence[int]) -> None:
    """Leave of events only their ids: what a platform delivers again must not be answered anew."""
    forget_parked(connection, keys)
    delete_reactions(connection, keys)
    connection.execute(delete(sent_parts).where(sent_parts.c.key.in_(keys)))
    connection.execute(delete(sent_statuses).where(sent_statuses.c.key.in_(keys)))
    connection.execute(delete(feedback).where(feedback.c.key.in_(keys)))
    nothing = {"text": None, "external_id": "", "conversation_id": None, "reply_id": None, "reply_to": None}
    connection.execute(update(events).where(events.c.id.in_(keys)).values(state=EventState.DELIVERED.value, **nothing))


def _delete_messages(connection: Connection, conversation_id: int) -> bool:
    """Delete the next messages; whether there may be more."""
    query = (
        select(messages.c.seq, messages.c.message_type, messages.c.content, messages.c.event_id)
        .where(messages.c.conversation_id == conversation_id)
        .order_by(messages.c.id)
        .limit(_MESSAGES_AT_ONCE)
    )
    rows = connection.execute(query).all()
    strip_events(connection, _keys_of(connection, conversation_id, [row.event_id for row in rows if row.event_id]))
    index_of(connection.dialect).remove(connection, [(row.seq, row.message_type, row.content) for row in rows])
    connection.execute(delete(messages).where(messages.c.seq.in_([row.seq for row in rows])))
    return len(rows) == _MESSAGES_AT_ONCE


def _keys_of(connection: Connection, conversation_id: int, event_ids: Sequence[str]) -> Sequence[int]:
    platform = select(threads.c.platform).join(conversations).where(conversations.c.id == conversation_id)
    return (
        connection.execute(
            select(events.c.id).where(events.c.platform == platform.scalar_subquery(), events.c.event_id.in_(event_ids))
        )
        .scalars()
        .all()
    )
