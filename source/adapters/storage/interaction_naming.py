"""Which intents and languages are known of conversations, read from whatever says so."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, and_, or_, select

from source.adapters.storage.operation_tables import conversation_memories, conversation_metadata, message_metadata
from source.adapters.storage.tables import SAID, conversations, messages
from source.domain.interactions import CountedName, cited_by, intents_in, names_said, names_told_by

_AT_ONCE: Final = 500


def known_names(connection: Connection, ids: Sequence[int]) -> set[tuple[int, CountedName]]:
    """Return the names of these conversations, each with the conversation's id."""
    return _said(connection, ids) | _told(connection, ids)


def _said(connection: Connection, ids: Sequence[int]) -> set[tuple[int, CountedName]]:
    known = message_metadata.c
    said = (
        select(known.conversation_id, messages.c.requester, known.intent, known.language)
        .join(messages, and_(messages.c.conversation_id == known.conversation_id, messages.c.id == known.message_id))
        .where(
            known.conversation_id.in_(ids),
            or_(known.intent.is_not(None), known.language.is_not(None)),
            messages.c.requester.is_not(None),
            SAID,
        )
    )
    return {
        (row.conversation_id, each)
        for row in connection.execute(said)
        for each in names_said([(row.requester, row.intent, row.language)])
    }


def _told(connection: Connection, ids: Sequence[int]) -> set[tuple[int, CountedName]]:
    told = (
        select(
            conversations.c.id,
            conversation_metadata.c.language,
            conversation_metadata.c.intents,
            conversation_memories.c.memory_data,
        )
        .outerjoin(conversation_metadata, conversation_metadata.c.conversation_id == conversations.c.id)
        .outerjoin(conversation_memories, conversation_memories.c.conversation_id == conversations.c.id)
        .where(conversations.c.id.in_(ids))
    )
    rows = connection.execute(told).all()
    writers = _writers(connection, {row.id: row.memory_data for row in rows if row.memory_data})
    found: set[tuple[int, CountedName]] = set()
    for row in rows:
        names = names_told_by(
            intents=row.intents, language=row.language, memory=row.memory_data or {}, writers=writers[row.id]
        )
        found |= {(row.id, each) for each in names}
    return found


def _writers(
    connection: Connection, memories: Mapping[int, Mapping[str, object]]
) -> defaultdict[int, dict[int, str | None]]:
    """Return who wrote the messages that show the intents of memories."""
    cited = [
        (key, message_id)
        for key, memory in memories.items()
        for intent in intents_in(memory)
        for message_id in cited_by(intent)
    ]
    found: defaultdict[int, dict[int, str | None]] = defaultdict(dict)
    for start in range(0, len(cited), _AT_ONCE):
        some = cited[start : start + _AT_ONCE]
        query = select(messages.c.conversation_id, messages.c.id, messages.c.requester).where(
            messages.c.conversation_id.in_({key for key, _ in some}),
            messages.c.id.in_({message_id for _, message_id in some}),
        )
        for row in connection.execute(query):
            found[row.conversation_id][row.id] = row.requester
    return found
