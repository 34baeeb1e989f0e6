"""What is read from the store, each inside one transaction of the caller's connection."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, TextClause, case, func, or_, select, text

from source.adapters.storage.row_reading import (
    HEAD_COLUMNS,
    MESSAGE_COLUMNS,
    THREAD_COLUMNS,
    head_from,
    message_from,
    thread_from,
)
from source.adapters.storage.tables import (
    aliases,
    conversations,
    events,
    messages,
    participants,
    people,
    threads,
)
from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.message import MessageType
from source.domain.thread import PersonRef, Platform, ThreadKey
from source.domain.turn import AcceptedEvent, EventState, InboundMessage, UndeliveredReply
from source.ports.store import ConversationListing, Scope

_NEWEST_ROWS = 1_000
# As text: a bound value would hide from the planner that the partial index applies.
_UNFINISHED = text("events.state <> 'delivered'")
_ACTIVE = text("conversations.is_active")


def load(connection: Connection, conversation_id: int) -> StoredConversation | None:
    """Return a conversation, whole."""
    return _whole(connection, conversations.c.id == conversation_id)


def active(connection: Connection, thread: ThreadKey) -> StoredConversation | None:
    """Return the thread's active conversation, whole."""
    return _whole(connection, _is_of(thread), _ACTIVE)


def latest(connection: Connection, thread: ThreadKey) -> ConversationHead | None:
    """Return the thread's conversation with the latest activity."""
    row = connection.execute(_heads().where(_is_of(thread)).order_by(*_newest_first()).limit(1)).first()
    return head_from(row) if row else None


def count(connection: Connection) -> int:
    """Return how many conversations there are."""
    return connection.execute(select(func.count()).select_from(conversations)).scalar_one()


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
        query = query.where(conversations.c.id.in_(seen_from(scope)))
    if thread is not None:
        query = query.where(_is_of(thread))
    heads = [head_from(row) for row in connection.execute(query.order_by(*_newest_first()).limit(limit).offset(offset))]
    counts = _message_counts(connection, [head.conversation_id for head in heads])
    return [_listed(head, counts.get(head.conversation_id, 0)) for head in heads]


def seen_from(scope: Scope) -> Select[int]:
    """Select the ids of the conversations that this scope sees."""
    return (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads)
        .where(
            participants.c.external_id == scope.external_id,
            threads.c.platform == scope.platform.value,
            threads.c.guild_id == scope.guild_id,
        )
    )


def unanswered(connection: Connection, platform: Platform | None) -> list[AcceptedEvent]:
    """Return the accepted events without a reply, oldest first."""
    alias = (aliases.c.platform == events.c.platform) & (aliases.c.external_id == events.c.external_id)
    query = (
        select(events, *THREAD_COLUMNS[1:], aliases.c.display_name)
        .join(threads, threads.c.id == events.c.thread_key)
        .outerjoin(aliases, alias)
        .where(_UNFINISHED, events.c.state == EventState.ACCEPTED.value)
        .order_by(events.c.id)
    )
    if platform is not None:
        query = query.where(events.c.platform == platform.value)
    found = []
    for row in connection.execute(query):
        person = PersonRef(row.external_id, row.display_name or row.external_id)
        inbound = InboundMessage(row.event_id, thread_from(row), person, row.text or "", row.sent_at)
        found.append(AcceptedEvent(row.id, inbound, row.accepted_at))
    return found


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
        query = query.where(_is_of(thread))
    found: dict[tuple[int, int], UndeliveredReply] = {}
    for row in connection.execute(query):
        message = message_from(row)
        place = (row.conversation_id, message.message_id)
        earlier = found[place].keys if place in found else ()
        found[place] = UndeliveredReply((*earlier, row.key), thread_from(row), row.conversation_id, message)
    return list(found.values())


def highest_id(connection: Connection) -> int:
    """Return an id that no row's id exceeds, without reading whole tables.

    Messages have no index of their ids alone; they are committed in nearly the order of them.
    """
    newest = select(messages.c.id).order_by(messages.c.seq.desc()).limit(_NEWEST_ROWS).subquery()
    queries: Iterable[Select[int]] = (
        select(func.max(conversations.c.id)),
        select(func.max(events.c.id)),
        select(func.max(threads.c.id)),
        select(func.max(people.c.id)),
        select(func.max(newest.c.id)),
    )
    return max(connection.execute(query).scalar() or 0 for query in queries)


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


def _is_of(thread: ThreadKey) -> ColumnElement[bool]:
    return (threads.c.platform == thread.platform.value) & (threads.c.thread_id == thread.thread_id)


def _newest_first() -> tuple[ColumnElement[datetime], ColumnElement[int]]:
    """Order as `ConversationHead.last_activity` does."""
    said, created, resumed = (conversations.c[name] for name in ("last_message_at", "created_at", "resumed_at"))
    spoke = case((or_(said.is_(None), said < created), created), else_=said)
    activity = case((or_(resumed.is_(None), resumed < spoke), spoke), else_=resumed)
    return activity.desc(), conversations.c.id.desc()


def _message_counts(connection: Connection, keys: list[int]) -> dict[int, int]:
    query = (
        select(messages.c.conversation_id, func.count().label("number"))
        .where(messages.c.conversation_id.in_(keys), messages.c.message_type == MessageType.CHAT.value)
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
