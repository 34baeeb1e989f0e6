"""What the memories of conversations hold of one person."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, select

from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.person_reading import conversations_of, in_steps
from source.adapters.storage.tables import conversations, messages, threads
from source.domain.leaving import replies_to
from source.domain.memory import MemoryPart
from source.domain.message import Message, MessageType
from source.domain.thread import Platform
from source.ports.privacy import Who


def memories_of(connection: Connection, who: Who) -> Sequence[Mapping[str, object]]:
    """Return the items of memories that what the person said, and Echo's answers to that, shows and nothing else.

    Where nobody else spoke, all of them are.
    """
    found: list[Mapping[str, object]] = []
    for some in in_steps(conversations_of(connection, who, None)):
        for row in connection.execute(select(memories).where(memories.c.conversation_id.in_(some))).all():
            said = _said_in(connection, row.conversation_id)
            ids = _ids_in(connection, row.conversation_id, who)
            own = {each.message_id for each in said if each.requester in ids}
            is_alone = all(each.message_id in own for each in said if each.is_from_person)
            theirs = None if is_alone else own | replies_to(said, own)
            items = {part.value: _shown_by(theirs, row.memory_data.get(part.value)) for part in MemoryPart}
            told = {part: kept for part, kept in items.items() if kept}
            if told:
                found.append({"conversation_id": row.conversation_id, "updated_at": row.updated_at, **told})
    return found


def _ids_in(connection: Connection, conversation_id: int, who: Who) -> Collection[str]:
    """Return what the person is called on the conversation's platform."""
    platform = connection.execute(
        select(threads.c.platform)
        .join(conversations, conversations.c.thread_key == threads.c.id)
        .where(conversations.c.id == conversation_id)
    ).scalar_one()
    return who.ids_on(Platform(platform))


def _said_in(connection: Connection, conversation_id: int) -> list[Message]:
    """Return the messages of a conversation without their texts."""
    columns = (messages.c.id, messages.c.created_at, messages.c.message_type, messages.c.requester)
    query = select(*columns).where(messages.c.conversation_id == conversation_id).order_by(messages.c.id)
    return [
        Message(row.created_at, MessageType(row.message_type), "", requester=row.requester, message_id=row.id)
        for row in connection.execute(query)
    ]


def _shown_by(theirs: Collection[int] | None, items: object) -> list[object]:
    """Return the items that cite these messages and no others; None: all of them."""
    told = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [item for item in told if theirs is None or (_cited(item) and _cited(item).issubset(theirs))]


def _cited(item: Mapping[str, object]) -> set[object]:
    ids = item.get("message_ids")
    return set(ids) if isinstance(ids, list) else set()
