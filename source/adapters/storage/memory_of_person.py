"""What the memories of conversations hold of one person."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, select

from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.person_reading import conversations_of, in_steps
from source.adapters.storage.tables import conversations, messages, threads
from source.domain.memory import MemoryPart
from source.domain.thread import Platform
from source.ports.privacy import Who


def memories_of(connection: Connection, who: Who) -> Sequence[Mapping[str, object]]:
    """Return the items of memories that nothing but what the person said, and Echo's answers, shows."""
    found: list[Mapping[str, object]] = []
    for some in in_steps(conversations_of(connection, who, None)):
        for row in connection.execute(select(memories).where(memories.c.conversation_id.in_(some))).all():
            others = _others_in(connection, row.conversation_id, who)
            items = {part.value: _theirs(row.memory_data.get(part.value), others) for part in MemoryPart}
            told = {part: kept for part, kept in items.items() if kept}
            if told:
                found.append({"conversation_id": row.conversation_id, "updated_at": row.updated_at, **told})
    return found


def _others_in(connection: Connection, conversation_id: int, who: Who) -> Collection[int]:
    """Return the messages that others wrote."""
    platform = connection.execute(
        select(threads.c.platform)
        .join(conversations, conversations.c.thread_key == threads.c.id)
        .where(conversations.c.id == conversation_id)
    ).scalar_one()
    query = select(messages.c.id).where(
        messages.c.conversation_id == conversation_id,
        messages.c.requester.is_not(None),
        messages.c.requester.not_in(sorted(who.ids_on(Platform(platform)))),
    )
    return set(connection.execute(query).scalars())


def _theirs(items: object, others: Collection[int]) -> list[object]:
    if not isinstance(items, list):
        return []
    return [item for item in items if isinstance(item, dict) and _cited(item).isdisjoint(others)]


def _cited(item: Mapping[str, object]) -> set[object]:
    ids = item.get("message_ids")
    return set(ids) if isinstance(ids, list) else set()
