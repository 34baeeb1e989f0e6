"""What recall reads, each inside one transaction of the caller's connection."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from source.adapters.storage.read_queries import seen_from
from source.adapters.storage.recall_likely import among, likely_messages
from source.adapters.storage.row_reading import THREAD_COLUMNS, thread_from
from source.adapters.storage.tables import aliases, conversations, messages, participants, search_progress, threads
from source.domain.message import MessageType, Standing
from source.domain.recall.turns import SaidTurn
from source.ports.recall import Extent, Eyes, StoredTurn
from source.ports.store import Scope

_AT_ONCE: Final = 500
# Where there are more conversations than are read, as many of the newest tell who spoke.
_NAMED_IN: Final = 300
SAID: Final = (
    messages.c.message_type == MessageType.CHAT.value,
    messages.c.standing == Standing.KEPT.value,
)
_TURN: Final = (
    messages.c.conversation_id,
    messages.c.id,
    messages.c.created_at,
    messages.c.requester,
    messages.c.content,
    threads.c.platform,
)


def speaker_key(platform: str, external_id: str) -> str:
    """Return what tells one speaker from every other, on whatever platform."""
    return f"{platform}:{external_id}"


def extent(connection: Connection, eyes: Eyes, most: int) -> Extent:
    """Return which conversations are seen, and who spoke there."""
    query = select(conversations.c.id).order_by(conversations.c.id.desc()).limit(most + 1)
    keys = list(connection.execute(query.where(*seen(eyes, conversations.c.id))).scalars())
    is_whole = len(keys) <= most
    return Extent(
        last_message_ids=_last_in(connection, keys) if is_whole else dict.fromkeys(keys[:most], 0),
        revision=connection.execute(select(search_progress.c.revision)).scalar_one(),
        people=_people(connection, keys if is_whole else keys[:_NAMED_IN]),
        askers=_askers(connection, eyes),
        is_whole=is_whole,
    )


def _last_in(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """Return the id of the last message in each of these conversations that has any."""
    found: dict[int, int] = {}
    last = select(func.max(messages.c.id)).where(messages.c.conversation_id == conversations.c.id).scalar_subquery()
    for some in batched_ids(keys):
        query = select(conversations.c.id, last.label("last")).where(conversations.c.id.in_(some))
        found |= {row.id: row.last for row in connection.execute(query) if row.last is not None}
    return found


def said_in(connection: Connection, after: Mapping[int, int], limit: int) -> list[SaidTurn]:
    """Return what was said in conversations after a message of each."""
    found: list[SaidTurn] = []
    whole = sorted(key for key, message_id in after.items() if message_id == 0)
    for some in batched_ids(whole):
        found.extend(_turns(connection, limit - len(found), messages.c.conversation_id.in_(some)))
    for key, message_id in after.items():
        if message_id and len(found) < limit:
            since = and_(messages.c.conversation_id == key, messages.c.id > message_id)
            found.extend(_turns(connection, limit - len(found), since))
    return found


def told(connection: Connection, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
    """Return messages as they read now."""
    columns = (*_TURN, messages.c.event_id, *(column for column in THREAD_COLUMNS if column.name != "platform"))
    found: list[StoredTurn] = []
    wanted = frozenset(keys)
    # By their ids alone, of which there is an index: SQLite looks through the whole table for pairs.
    for some in batched_ids(sorted({message_id for _, message_id in wanted})):
        query = _spoken(*columns).where(messages.c.id.in_(some), *seen(eyes, messages.c.conversation_id))
        rows = [row for row in connection.execute(query) if (row.conversation_id, row.id) in wanted]
        found.extend(StoredTurn(_turn(row), thread_from(row), row.event_id) for row in rows)
    return sorted(found, key=lambda turn: (turn.said.conversation_id, turn.said.message_id))


def likely(connection: Connection, words: Sequence[str], eyes: Eyes, limit: int) -> list[SaidTurn]:
    """Return turns that hold rare ones of these words, and those around them."""
    found = likely_messages(connection, words, seen(eyes, messages.c.conversation_id), limit)
    return _turns(connection, len(found), among(connection, found)) if found else []


def batched_ids(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield so many that a statement can name them."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def seen(eyes: Eyes, conversation_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """Return what limits a statement to what the eyes see; every read goes through it."""
    limits: list[ColumnElement[bool]] = [conversation_id.in_(seen_from(scope)) for scope in eyes.scopes]
    if eyes.person_id is not None:
        limits.append(conversation_id.in_(_taken_part(eyes.person_id)))
    return limits


def _taken_part(person_id: int) -> Select[int]:
    return (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .join(
            aliases,
            and_(aliases.c.external_id == participants.c.external_id, aliases.c.platform == threads.c.platform),
        )
        .where(aliases.c.person_id == person_id)
    )


def _people(connection: Connection, keys: list[int]) -> dict[str, str]:
    """Return the names of those who spoke in conversations."""
    found: dict[str, str] = {}
    for some in batched_ids(keys):
        query = (
            select(aliases.c.platform, aliases.c.external_id, aliases.c.display_name)
            .join(participants, participants.c.external_id == aliases.c.external_id)
            .join(conversations, conversations.c.id == participants.c.conversation_id)
            .join(threads, and_(threads.c.id == conversations.c.thread_key, threads.c.platform == aliases.c.platform))
            .where(participants.c.conversation_id.in_(some))
            .distinct()
        )
        for row in connection.execute(query):
            found[speaker_key(row.platform, row.external_id)] = row.display_name
    return found


def _askers(connection: Connection, eyes: Eyes) -> frozenset[str]:
    """Return every account of the one who looks; of several nobody says `I`."""
    if len(eyes.scopes) > 1:
        return frozenset()
    if eyes.person_id is not None:
        person: ColumnElement[bool] = aliases.c.person_id == eyes.person_id
    elif eyes.scopes:
        person = aliases.c.person_id == _person_of(eyes.scopes[0])
    else:
        return frozenset()
    rows = connection.execute(select(aliases.c.platform, aliases.c.external_id).where(person))
    return frozenset(speaker_key(row.platform, row.external_id) for row in rows)


def _person_of(scope: Scope) -> Any:  # a scalar subquery, which SQLAlchemy types by its column
    return (
        select(aliases.c.person_id)
        .where(aliases.c.platform == scope.platform.value, aliases.c.external_id == scope.external_id)
        .scalar_subquery()
    )


def _spoken(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(messages)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(*SAID)
    )


def _turns(connection: Connection, limit: int, *where: ColumnElement[bool]) -> list[SaidTurn]:
    query = _spoken(*_TURN).where(*where).order_by(messages.c.conversation_id, messages.c.id).limit(max(0, limit))
    return [_turn(row) for row in connection.execute(query)]


def _turn(row: Row[Any]) -> SaidTurn:
    speaker = None if row.requester is None else speaker_key(row.platform, row.requester)
    return SaidTurn(row.conversation_id, row.id, row.created_at, speaker, row.content)
