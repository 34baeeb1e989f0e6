"""What recall reads, each inside one transaction of the caller's connection."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from source.adapters.storage import recall_statements as statements
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.seen_places import Gaze, values_of
from source.domain.recall.turns import SaidTurn
from source.domain.thread import Platform, ThreadRef
from source.ports.recall import Extent, Eyes, StoredTurn

_MOST_CHANGED = 1_000
_MOST_NAMES = 20_000


def speaker_key(platform: str, external_id: str) -> str:
    """Return what tells one speaker from every other, on whatever platform."""
    return f"{platform}:{external_id}"


class Account(NamedTuple):
    """Who spoke."""

    platform: str
    external_id: str


def account_of(speaker: str) -> Account:
    """Return the platform and the id there of a speaker."""
    platform, _, external_id = speaker.partition(":")
    return Account(platform, external_id)


def extent(connection: Connection, eyes: Eyes, most: int, since: int | None) -> Extent:
    """Return which conversations are seen, and who spoke there."""
    query = statements.last_in(Gaze.of(eyes))
    rows = connection.execute(query, {**values_of(eyes), "most": most + 1}).all()
    is_whole = len(rows) <= most
    revision: int = connection.execute(statements.REVISION).scalar_one()
    return Extent(
        last_message_ids={key: newest for key, newest in rows if newest is not None} if is_whole else _newest(rows),
        revision=revision,
        changed=changed_since(connection, since, revision),
        people=_people(connection, [key for key, _ in rows]) if is_whole else _people_seen(connection, eyes),
        askers=_askers(connection, eyes),
        is_whole=is_whole,
    )


def _newest(rows: Sequence[AnyRow]) -> dict[int, int]:
    return dict.fromkeys((key for key, _ in rows[:-1]), 0)


def changed_since(connection: Connection, since: int | None, revision: int) -> frozenset[int] | None:
    """Return in which conversations something that was said before was changed or deleted; None: nobody knows."""
    if since == revision:
        return frozenset()
    oldest = connection.execute(statements.OLDEST_CHANGE).scalar_one()
    if since is None or oldest is None or since + 1 < oldest:
        return None
    rows = connection.execute(statements.CHANGED, {"since": since, "most": _MOST_CHANGED + 1})
    changed = frozenset(rows.scalars())
    return changed if len(changed) <= _MOST_CHANGED else None


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
    rows = connection.execute(query, {**values_of(eyes), "numbers": ids}).all()
    found = [told_turn(row) for row in rows if (row[0], row[1]) in wanted]
    return sorted(found, key=lambda turn: (turn.said.conversation_id, turn.said.message_id))


def _people(connection: Connection, keys: Sequence[int]) -> dict[str, str]:
    """Return the names of those who spoke in conversations."""
    rows = connection.execute(statements.people_in(connection.dialect.name), {"numbers": json.dumps(list(keys))})
    return {speaker_key(platform, external_id): name for platform, external_id, name in rows}


def _people_seen(connection: Connection, eyes: Eyes) -> dict[str, str]:
    """Return the names of those who spoke anywhere in a long history."""
    rows = connection.execute(statements.people_seen(Gaze.of(eyes)), {**values_of(eyes), "most": _MOST_NAMES})
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


def told_turn(row: AnyRow) -> StoredTurn:
    """Read a row of TOLD_COLUMNS."""
    platform, event_id, name, *place = row[5:]
    return StoredTurn(_turn(row), ThreadRef(Platform(platform), *place), event_id, name)
