"""What recall reads, each inside one transaction of the caller's connection."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection

from source.adapters.storage import recall_statements as statements
from source.adapters.storage.recall_likely import likely_messages
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.seen_places import Gaze, values_of
from source.domain.recall.turns import SaidTurn
from source.domain.thread import Platform, ThreadRef
from source.ports.recall import Extent, Eyes, StoredTurn

# Where there are more conversations than are read, as many of the newest tell who spoke.
_NAMED_IN = 300


def speaker_key(platform: str, external_id: str) -> str:
    """Return what tells one speaker from every other, on whatever platform."""
    return f"{platform}:{external_id}"


def extent(connection: Connection, eyes: Eyes, most: int) -> Extent:
    """Return which conversations are seen, and who spoke there."""
    query = statements.last_in(Gaze.of(eyes))
    rows = connection.execute(query, {**values_of(eyes), "most": most + 1}).all()
    is_whole = len(rows) <= most
    last = {key: newest for key, newest in rows if newest is not None} if is_whole else {key: 0 for key, _ in rows}
    return Extent(
        last_message_ids=last if is_whole else dict(list(last.items())[:most]),
        revision=connection.execute(statements.REVISION).scalar_one(),
        people=_people(connection, [key for key, _ in (rows if is_whole else rows[:_NAMED_IN])]),
        askers=_askers(connection, eyes),
        is_whole=is_whole,
    )


def said_in(connection: Connection, after: Mapping[int, int], limit: int) -> list[SaidTurn]:
    """Return what was said in conversations after a message of each."""
    whole = sorted(key for key, message_id in after.items() if message_id == 0)
    query = statements.said_in_whole(connection.dialect.name)
    found = _turns(connection.execute(query, {"numbers": json.dumps(whole), "most": limit})) if whole else []
    for key, message_id in after.items():
        if message_id and len(found) < limit:
            since = {"conversation": key, "after": message_id, "most": limit - len(found)}
            found.extend(_turns(connection.execute(statements.said_since(), since)))
    return found


def told(connection: Connection, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
    """Return messages as they read now."""
    wanted = frozenset(keys)
    # By their ids alone, of which there is an index: SQLite looks through the whole table for pairs.
    ids = json.dumps(sorted({message_id for _, message_id in wanted}))
    query = statements.told_to(Gaze.of(eyes), connection.dialect.name)
    rows = connection.execute(query, {**values_of(eyes), "numbers": ids})
    found = [_told(row) for row in rows if (row[0], row[1]) in wanted]
    return sorted(found, key=lambda turn: (turn.said.conversation_id, turn.said.message_id))


def likely(connection: Connection, words: Sequence[str], eyes: Eyes, limit: int) -> list[StoredTurn]:
    """Return turns that hold rare ones of these words, and those around them."""
    found = likely_messages(connection, words, eyes, limit)
    if not found:
        return []
    query = statements.turns_of(connection.dialect.name)
    return [_told(row) for row in connection.execute(query, {"numbers": json.dumps(found)})]


def _people(connection: Connection, keys: Sequence[int]) -> dict[str, str]:
    """Return the names of those who spoke in conversations."""
    rows = connection.execute(statements.people_in(connection.dialect.name), {"numbers": json.dumps(list(keys))})
    return {speaker_key(platform, external_id): name for platform, external_id, name in rows}


def _askers(connection: Connection, eyes: Eyes) -> frozenset[str]:
    """Return every account of the one who looks; of several nobody says `I`."""
    query = statements.askers_of(Gaze.of(eyes))
    if query is None:
        return frozenset()
    return frozenset(speaker_key(*row) for row in connection.execute(query, values_of(eyes)))


def _turns(rows: Iterable[AnyRow]) -> list[SaidTurn]:
    return [_turn(row) for row in rows]


def _turn(row: AnyRow) -> SaidTurn:
    """Read a row that begins with TURN."""
    conversation_id, message_id, created_at, requester, content, platform = row[:6]
    speaker = None if requester is None else speaker_key(platform, requester)
    return SaidTurn(conversation_id, message_id, created_at, speaker, content)


def _told(row: AnyRow) -> StoredTurn:
    """Read a row of TOLD_COLUMNS."""
    platform, event_id, *place = row[5:]
    return StoredTurn(_turn(row), ThreadRef(Platform(platform), *place), event_id)
