"""What follows for metadata when a message reads otherwise than before."""

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from source.adapters.storage.metadata_reading import analyses
from source.adapters.storage.operation_tables import conversation_metadata, message_metadata
from source.domain.memory import MemorySource
from source.domain.message import Message
from source.domain.metadata import overall

_PERSON = MemorySource.PERSON.value


def forget_what_was_found(connection: Connection, conversation_id: int, message: Message) -> None:
    """Drop what was found out about an edited message, so that it is analyzed again; of a deleted one everything."""
    if message.is_kept:
        _open_again(connection, conversation_id, message.message_id)
    else:
        connection.execute(delete(message_metadata).where(_is(conversation_id, message.message_id)))
    _sum_up(connection, conversation_id)


def _open_again(connection: Connection, conversation_id: int, message_id: int) -> None:
    known = message_metadata.c
    connection.execute(
        update(message_metadata)
        .where(_is(conversation_id, message_id), func.coalesce(known.source, _PERSON) != _PERSON)
        .values(sentiment=None, category=None, tags=None, source=None, version=known.version + 1)
    )
    connection.execute(
        update(conversation_metadata)
        .where(
            conversation_metadata.c.conversation_id == conversation_id,
            conversation_metadata.c.analyzed_to >= message_id,
        )
        .values(analyzed_to=message_id - 1)
    )


def _sum_up(connection: Connection, conversation_id: int) -> None:
    """Have the conversation say what its other messages do, unless a person said it."""
    known = conversation_metadata.c
    own = and_(known.conversation_id == conversation_id, func.coalesce(known.source, _PERSON) != _PERSON)
    source = connection.execute(select(known.source).where(own)).scalar()
    if source is None:
        return
    left = overall(list(analyses(connection, conversation_id).values()), MemorySource(source))
    found = {
        "sentiment": left.sentiment.value if left.sentiment else None,
        "category": left.category.value if left.category else None,
        "tags": None if left.tags is None else list(left.tags),
    }
    connection.execute(update(conversation_metadata).where(own).values(**found, version=known.version + 1))


def _is(conversation_id: int, message_id: int) -> ColumnElement[bool]:
    known = message_metadata.c
    return and_(known.conversation_id == conversation_id, known.message_id == message_id)
