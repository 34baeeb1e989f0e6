"""What forgetting leaves of a conversation."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, delete, null, select, update

from source.adapters.storage.archive_corrections import note_that_it_is_behind
from source.adapters.storage.conversation_deletion import strip_events
from source.adapters.storage.interaction_counting import recount
from source.adapters.storage.operation_tables import (
    archives,
    conversation_metadata,
    memory_failures,
    message_metadata,
)
from source.adapters.storage.person_reading import in_steps
from source.adapters.storage.person_tables import BY_ACCOUNT
from source.adapters.storage.record_counts import refresh_summaries
from source.adapters.storage.search_index import index_of
from source.adapters.storage.tables import conversations, events, messages, participants, threads, usage
from source.domain.message import MessageType, Standing
from source.ports.privacy import Rewritten

_HEAD: Final = ("requester", "filename", "title", "summary", "carried_summary", "running_summary", "context_start")


def rewrite(connection: Connection, change: Rewritten) -> None:
    """Leave of a conversation what is given; what its messages showed was corrected before."""
    key = change.head.conversation_id
    head = {name: getattr(change.head, name) for name in _HEAD}
    changed = connection.execute(update(conversations).where(conversations.c.id == key).values(head)).rowcount
    if not changed:  # it was deleted meanwhile
        return
    _strip_events_of(connection, key, [*change.emptied, *change.removed])
    _empty(connection, key, change.emptied)
    _remove(connection, key, change.removed)
    note_that_it_is_behind(connection, key)
    connection.execute(delete(memory_failures).where(memory_failures.c.conversation_id == key))
    if change.drops_context:
        about = conversation_metadata.c.conversation_id == key
        connection.execute(update(conversation_metadata).where(about).values(context=null()))
    _forget_participants(connection, key, change)
    recount(connection, [key])
    refresh_summaries(connection, change.left_by)


def _forget_participants(connection: Connection, key: int, change: Rewritten) -> None:
    left = (participants.c.conversation_id == key, participants.c.external_id.in_(sorted(change.left_by)))
    connection.execute(delete(participants).where(*left))
    for table in BY_ACCOUNT:
        theirs = (table.c.conversation_id == key, table.c.external_id.in_(sorted(change.left_by)))
        connection.execute(delete(table).where(*theirs))
    names = sorted(change.names)
    used = (usage.c.conversation_id == key, usage.c.person.in_(names))
    connection.execute(update(usage).where(*used).values(person=None))
    by_them = (archives.c.conversation_id == key, archives.c.archived_by.in_([f"person:{name}" for name in names]))
    connection.execute(update(archives).where(*by_them).values(archived_by="person", reason=""))


def _strip_events_of(connection: Connection, key: int, message_ids: Collection[int]) -> None:
    platform = select(threads.c.platform).join(conversations).where(conversations.c.id == key).scalar_subquery()
    for some in in_steps(message_ids):
        said = select(messages.c.event_id).where(
            messages.c.conversation_id == key, messages.c.id.in_(some), messages.c.event_id.is_not(None)
        )
        theirs = (events.c.platform == platform, events.c.event_id.in_(said))
        strip_events(connection, connection.execute(select(events.c.id).where(*theirs)).scalars().all())


def _empty(connection: Connection, key: int, message_ids: Collection[int]) -> None:
    nothing = {"content": "", "tools": null(), "requester": null(), "pii": null(), "standing": Standing.DELETED.value}
    for some in in_steps(message_ids):
        these = (messages.c.conversation_id == key, messages.c.id.in_(some))
        for seq, kind, content in _indexed(connection, key, some):
            if content and kind == MessageType.CHAT.value:
                index_of(connection.dialect).replace(connection, seq, content, "")
        connection.execute(update(messages).where(*these).values(nothing))


def _remove(connection: Connection, key: int, message_ids: Collection[int]) -> None:
    for some in in_steps(message_ids):
        index_of(connection.dialect).remove(connection, _indexed(connection, key, some))
        about = (message_metadata.c.conversation_id == key, message_metadata.c.message_id.in_(some))
        connection.execute(delete(message_metadata).where(*about))
        connection.execute(delete(messages).where(messages.c.conversation_id == key, messages.c.id.in_(some)))


def _indexed(connection: Connection, key: int, message_ids: Collection[int]) -> list[tuple[int, str, str]]:
    query = select(messages.c.seq, messages.c.message_type, messages.c.content).where(
        messages.c.conversation_id == key, messages.c.id.in_(message_ids)
    )
    return [(row.seq, row.message_type, row.content) for row in connection.execute(query)]
