"""Accepted events that wait for an answer, and answers that wait for their channel."""

from sqlalchemy import Connection, Select, select, text

from source.adapters.storage.row_reading import (
    MESSAGE_COLUMNS,
    THREAD_COLUMNS,
    AnyRow,
    message_from,
    thread_from,
)
from source.adapters.storage.seen_places import is_of
from source.adapters.storage.tables import aliases, conversations, events, messages, threads
from source.domain.thread import PersonRef, Platform, ThreadKey
from source.domain.turn import AcceptedEvent, EventState, InboundKind, InboundMessage, UndeliveredReply

# As text: a bound value would hide from the planner that the partial index applies.
_UNFINISHED = text("events.state <> 'delivered'")


def unanswered(connection: Connection, platform: Platform | None) -> list[AcceptedEvent]:
    """Return the accepted events without a reply, oldest first."""
    query = _events().where(_UNFINISHED, events.c.state == EventState.ACCEPTED.value).order_by(events.c.id)
    # Chosen here: asked for its platform, SQLite goes through all events of it instead of the few that are open.
    return [_event_from(row) for row in connection.execute(query) if platform in (None, row.platform)]


def accepted(connection: Connection, platform: Platform, event_id: str) -> AcceptedEvent:
    """Return an accepted event as it stands; it is there."""
    query = _events().where(events.c.platform == platform.value, events.c.event_id == event_id)
    return _event_from(connection.execute(query).one())


def undelivered(connection: Connection, thread: ThreadKey | None) -> list[UndeliveredReply]:
    """Return the replies that no channel confirmed, oldest first."""
    reply = (messages.c.conversation_id == events.c.conversation_id) & (messages.c.id == events.c.reply_id)
    query = (
        select(*MESSAGE_COLUMNS, events.c.id.label("key"), messages.c.conversation_id, *THREAD_COLUMNS)
        .select_from(events)
        .join(messages, reply)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(_UNFINISHED, events.c.state == EventState.ANSWERED.value)
        .order_by(events.c.id)
    )
    if thread is not None:
        query = query.where(is_of(thread))
    found: dict[tuple[int, int], UndeliveredReply] = {}
    for row in connection.execute(query):
        message = message_from(row)
        place = (row.conversation_id, message.message_id)
        earlier = found[place].keys if place in found else ()
        found[place] = UndeliveredReply((*earlier, row.key), thread_from(row), row.conversation_id, message)
    return list(found.values())


def _events() -> Select[tuple[object, ...]]:
    alias = (aliases.c.platform == events.c.platform) & (aliases.c.external_id == events.c.external_id)
    return (
        select(events, *THREAD_COLUMNS[1:], aliases.c.display_name)
        .join(threads, threads.c.id == events.c.thread_key)
        .outerjoin(aliases, alias)
    )


def _event_from(row: AnyRow) -> AcceptedEvent:
    inbound = InboundMessage(
        event_id=row.event_id,
        thread=thread_from(row),
        person=PersonRef(row.external_id, row.display_name or row.external_id),
        text=row.text or "",
        sent_at=row.sent_at,
        kind=InboundKind(row.kind),
        reply_to=row.reply_to,
    )
    return AcceptedEvent(row.id, inbound, row.accepted_at)
