"""What is read of messages and conversations and of what is known about them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from source.adapters.storage.operation_tables import conversation_metadata, message_metadata
from source.adapters.storage.row_reading import MESSAGE_COLUMNS, THREAD_COLUMNS, AnyRow, message_from, thread_from
from source.adapters.storage.tables import BY_PEOPLE, conversations, messages, threads
from source.domain.memory import MemorySource
from source.domain.message import Message, MessageType, Standing
from source.domain.metadata import Analysis, Category, Sentiment
from source.ports.metadata import FoundMessage

_OF_MESSAGE = and_(
    message_metadata.c.conversation_id == messages.c.conversation_id,
    message_metadata.c.message_id == messages.c.id,
)


def message(connection: Connection, message_id: int) -> FoundMessage | None:
    """Return a message by its id alone."""
    query = (
        select(*MESSAGE_COLUMNS, messages.c.conversation_id, *THREAD_COLUMNS)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(messages.c.id == message_id)
    )
    row = connection.execute(query).first()
    return None if row is None else FoundMessage(row.conversation_id, thread_from(row), message_from(row))


def conversation_of(connection: Connection, message_id: int) -> int | None:
    """Return where a message was said."""
    return connection.execute(select(messages.c.conversation_id).where(messages.c.id == message_id)).scalar()


def known_conversations(connection: Connection, wanted: Sequence[int]) -> list[int]:
    """Return those of the ids that there are."""
    return list(connection.execute(select(conversations.c.id).where(conversations.c.id.in_(wanted))).scalars())


def said_by_people(conversation_id: int | ColumnElement[int], after: Any, *more: ColumnElement[bool]) -> Any:
    """What holds of people's kept messages of a conversation that came after an id (Any: SQLAlchemy's own types)."""
    return and_(
        messages.c.conversation_id == conversation_id,
        messages.c.id > after,
        messages.c.message_type == MessageType.CHAT.value,
        messages.c.standing == Standing.KEPT.value,
        BY_PEOPLE,
        *more,
    )


def unanalyzed(connection: Connection, limit: int) -> list[int]:
    """Return conversations in which something was said that no analysis covers: one look for each of the others."""
    analyzed_to = func.coalesce(conversation_metadata.c.analyzed_to, 0)
    unknown = (
        select(messages.c.id)
        .outerjoin(message_metadata, _OF_MESSAGE)
        .where(said_by_people(conversations.c.id, analyzed_to), message_metadata.c.source.is_(None))
        .correlate(conversations, conversation_metadata)
    )
    query = (
        select(conversations.c.id)
        .outerjoin(conversation_metadata, conversation_metadata.c.conversation_id == conversations.c.id)
        .where(unknown.exists())
        .order_by(conversations.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def to_analyze(connection: Connection, conversation_id: int, after: int, limit: int, *, again: bool) -> list[Message]:
    """Return what no analysis covers; what a person began to say may be completed once."""
    analyzed_to: int | None = connection.execute(
        select(conversation_metadata.c.analyzed_to).where(conversation_metadata.c.conversation_id == conversation_id)
    ).scalar()
    known = message_metadata.c.source
    new = and_(messages.c.id > (analyzed_to or 0), or_(known.is_(None), known == MemorySource.PERSON.value))
    wanted = or_(new, known.is_(None), known == MemorySource.OFFLINE.value) if again else new
    query = (
        select(*MESSAGE_COLUMNS)
        .outerjoin(message_metadata, _OF_MESSAGE)
        .where(said_by_people(conversation_id, after), wanted)
        .order_by(messages.c.id)
        .limit(limit)
    )
    return [message_from(row) for row in connection.execute(query)]


def analyses(connection: Connection, conversation_id: int) -> dict[int, Analysis]:
    """Return what was found out about the messages of a conversation, in order."""
    query = (
        select(message_metadata)
        .where(message_metadata.c.conversation_id == conversation_id, message_metadata.c.source.is_not(None))
        .order_by(message_metadata.c.message_id)
    )
    return {row.message_id: analysis_from(row) for row in connection.execute(query)}


def analysis_from(row: AnyRow) -> Analysis:
    """Read a row that has sentiment, category, tags and a source."""
    return Analysis(
        sentiment=Sentiment(row.sentiment) if row.sentiment else None,
        category=Category(row.category) if row.category else None,
        tags=None if row.tags is None else tuple(row.tags),
        source=MemorySource(row.source),
    )


def last_of_step(connection: Connection, conversation_id: int, after: int, limit: int) -> int | None:
    """Return the id of message number `limit` that people said after that one; None when there are not so many."""
    query = select(messages.c.id).where(said_by_people(conversation_id, after)).order_by(messages.c.id)
    return connection.execute(query.offset(limit - 1).limit(1)).scalar()
