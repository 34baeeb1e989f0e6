"""What is read for a channel: whose message an id of its platform names, and what it kept."""

from sqlalchemy import ColumnElement, Connection, func, select

from source.adapters.storage.row_reading import MESSAGE_COLUMNS, THREAD_COLUMNS, message_from, thread_from
from source.adapters.storage.tables import UNFINISHED, conversations, events, messages, seen_marks, sent_parts, threads
from source.domain.thread import Platform
from source.domain.turn import SaidMessage, SentPart


def find(connection: Connection, platform: Platform, external_id: str) -> SaidMessage | None:
    """Return the person's message with this id, or the reply of which that message shows a part."""
    event = connection.execute(
        select(events.c.conversation_id, events.c.reply_id).where(_is_event(platform, external_id))
    ).first()
    if event is None:
        return _shown_by(connection, platform, external_id)
    if event.conversation_id is None:
        return None
    # From the reply backwards: an index of event ids would cost every append, and this reads one turn.
    ours = (messages.c.conversation_id == event.conversation_id) & (messages.c.event_id == external_id)
    return _said(connection, ours if event.reply_id is None else ours & (messages.c.id < event.reply_id))


def reply_to_event(connection: Connection, key: int) -> SaidMessage | None:
    """Return the reply to the event of this key."""
    event = connection.execute(select(events.c.conversation_id, events.c.reply_id).where(events.c.id == key)).first()
    if event is None or event.reply_id is None:
        return None
    is_it = (messages.c.conversation_id == event.conversation_id) & (messages.c.id == event.reply_id)
    return _said(connection, is_it)


def is_accepted(connection: Connection, platform: Platform, event_id: str) -> bool:
    """Whether an event of this id was ever accepted."""
    return connection.execute(select(events.c.id).where(_is_event(platform, event_id))).first() is not None


def unfinished_parts(connection: Connection, platform: Platform) -> list[SentPart]:
    """Return the shown parts of replies that are not confirmed as delivered."""
    open_events = select(events.c.id).where(UNFINISHED)
    query = (
        select(sent_parts)
        .where(sent_parts.c.key.in_(open_events))
        # Of one part the newest last; platforms number their messages.
        .order_by(sent_parts.c.key, sent_parts.c.part, func.length(sent_parts.c.external_id), sent_parts.c.external_id)
    )
    # Chosen here: asked for its platform, SQLite goes through all parts of it instead of the few that are open.
    rows = connection.execute(query)
    return [SentPart(row.key, row.part, row.external_id) for row in rows if row.platform == platform]


def seen(connection: Connection, platform: Platform) -> dict[str, str]:
    """Return the last message seen in each place."""
    query = select(seen_marks.c.place, seen_marks.c.last).where(seen_marks.c.platform == platform.value)
    return {row.place: row.last for row in connection.execute(query)}


def _shown_by(connection: Connection, platform: Platform, external_id: str) -> SaidMessage | None:
    query = select(sent_parts.c.key).where(
        sent_parts.c.platform == platform.value, sent_parts.c.external_id == external_id
    )
    key = connection.execute(query).scalar()
    return None if key is None else reply_to_event(connection, key)


def _said(connection: Connection, which: ColumnElement[bool]) -> SaidMessage | None:
    query = (
        select(*MESSAGE_COLUMNS, messages.c.conversation_id, *THREAD_COLUMNS)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(which)
        .order_by(messages.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else SaidMessage(row.conversation_id, thread_from(row), message_from(row))


def _is_event(platform: Platform, event_id: str) -> ColumnElement[bool]:
    return (events.c.platform == platform.value) & (events.c.event_id == event_id)
