"""What is read from the store, each inside one transaction of the caller's connection."""

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TextClause,
    case,
    func,
    or_,
    select,
    text,
)

from source.adapters.storage.operation_tables import api_keys, conversation_memories, tasks, user_summaries
from source.adapters.storage.row_reading import (
    HEAD_COLUMNS,
    MESSAGE_COLUMNS,
    THREAD_COLUMNS,
    head_from,
    message_from,
)
from source.adapters.storage.seen_places import is_of, seen_from
from source.adapters.storage.tables import (
    aliases,
    conversations,
    events,
    messages,
    participants,
    people,
    threads,
)
from source.adapters.storage.webhook_tables import contacts
from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.message import MessageType, Standing
from source.domain.thread import ThreadKey
from source.ports.store import ConversationListing, Scope

# The ids that come from the process and not from the database.
_GIVEN_IDS = (
    conversations.c.id,
    events.c.id,
    threads.c.id,
    people.c.id,
    messages.c.id,
    tasks.c.id,
    conversation_memories.c.id,
    user_summaries.c.id,
    api_keys.c.id,
    contacts.c.id,
)
# As text: a bound value would hide from the planner that the partial index applies.
_ACTIVE = text("conversations.is_active")


def load(connection: Connection, conversation_id: int) -> StoredConversation | None:
    """Return a conversation, whole."""
    return _whole(connection, conversations.c.id == conversation_id)


def active(connection: Connection, thread: ThreadKey) -> StoredConversation | None:
    """Return the thread's active conversation, whole."""
    return _whole(connection, is_of(thread), _ACTIVE)


def latest(connection: Connection, thread: ThreadKey) -> ConversationHead | None:
    """Return the thread's conversation with the latest activity."""
    row = connection.execute(_heads().where(is_of(thread)).order_by(*_newest_first()).limit(1)).first()
    return head_from(row) if row else None


def count(connection: Connection) -> int:
    """Return how many conversations there are."""
    return connection.execute(select(func.count()).select_from(conversations)).scalar_one()


def has_conversations(connection: Connection) -> bool:
    """Whether there is any conversation."""
    return connection.execute(select(conversations.c.id).limit(1)).first() is not None


def following(connection: Connection, after: int, limit: int) -> list[StoredConversation]:
    """Return the next conversations in the order of their ids."""
    query = select(conversations.c.id).where(conversations.c.id > after).order_by(conversations.c.id).limit(limit)
    found = (load(connection, key) for key in connection.execute(query).scalars().all())
    return [conversation for conversation in found if conversation]


def listing(
    connection: Connection, scope: Scope | None, thread: ThreadKey | None, limit: int, offset: int
) -> list[ConversationListing]:
    """Return conversations by latest activity first."""
    query = _heads()
    if scope is not None:
        # Within the thread, where it is known: somebody may have taken part in a great many elsewhere.
        query = query.where(conversations.c.id.in_(seen_from(scope, thread)))
    if thread is not None:
        query = query.where(is_of(thread))
    heads = [head_from(row) for row in connection.execute(query.order_by(*_newest_first()).limit(limit).offset(offset))]
    counts = message_counts(connection, [head.conversation_id for head in heads])
    return [_listed(head, counts.get(head.conversation_id, 0)) for head in heads]


def highest_id(connection: Connection) -> int:
    """Return an id that no row's id exceeds, by one look at the end of each index."""
    return max(connection.execute(select(func.max(column))).scalar() or 0 for column in _GIVEN_IDS)


def _whole(connection: Connection, *where: ColumnElement[bool] | TextClause) -> StoredConversation | None:
    row = connection.execute(_heads().where(*where)).first()
    if row is None:
        return None
    head = head_from(row)
    said = select(*MESSAGE_COLUMNS).where(messages.c.conversation_id == head.conversation_id).order_by(messages.c.id)
    return StoredConversation(
        head, tuple(message_from(each) for each in connection.execute(said)), _people(connection, head)
    )


def _people(connection: Connection, head: ConversationHead) -> dict[str, str]:
    query = (
        select(aliases.c.external_id, aliases.c.display_name)
        .join(participants, participants.c.external_id == aliases.c.external_id)
        .where(participants.c.conversation_id == head.conversation_id, aliases.c.platform == head.thread.platform.value)
    )
    return {row.external_id: row.display_name for row in connection.execute(query)}


def _heads() -> Select[tuple[object, ...]]:
    return select(*HEAD_COLUMNS, *THREAD_COLUMNS).join(threads, threads.c.id == conversations.c.thread_key)


def _newest_first() -> tuple[ColumnElement[datetime], ColumnElement[int]]:
    return last_activity().desc(), conversations.c.id.desc()


def last_activity() -> ColumnElement[datetime]:
    """Compute what `ConversationHead.last_activity` does."""
    said, created, resumed = (conversations.c[name] for name in ("last_message_at", "created_at", "resumed_at"))
    spoke = case((or_(said.is_(None), said < created), created), else_=said)
    return case((or_(resumed.is_(None), resumed < spoke), spoke), else_=resumed)


def message_counts(connection: Connection, keys: list[int]) -> dict[int, int]:
    """Return how many chat messages each of these conversations has; one without any is left out."""
    query = (
        select(messages.c.conversation_id, func.count().label("number"))
        .where(
            messages.c.conversation_id.in_(keys),
            messages.c.message_type == MessageType.CHAT.value,
            messages.c.standing == Standing.KEPT.value,
        )
        .group_by(messages.c.conversation_id)
    )
    return {row.conversation_id: row.number for row in connection.execute(query)}


def _listed(head: ConversationHead, message_count: int) -> ConversationListing:
    return ConversationListing(
        conversation_id=head.conversation_id,
        thread=head.thread,
        title=head.title,
        summary=head.summary,
        state=ConversationState(head.state),
        created_at=head.created_at,
        last_message_at=head.last_message_at,
        message_count=message_count,
        parent_conversation_id=head.parent_conversation_id,
        created_reason=head.created_reason.value,
        filename=head.filename,
    )
