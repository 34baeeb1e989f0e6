"""Vectors of messages, in the database."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from source.adapters.storage.recall_statements import SAID, is_one_of
from source.adapters.storage.recall_tables import message_embeddings
from source.adapters.storage.seen_places import Gaze, values_of
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.tables import messages, search_progress
from source.ports.embeddings import Embedded, Extents, StoredVector, Unembedded
from source.ports.recall import Eyes

_KEPT = message_embeddings.c
_ANY = func.trim(messages.c.content) != ""


class EmbeddingTable:
    """Implements EmbeddingStore and VectorStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def extents(self) -> Extents:
        return await self._access.read(_extents)

    async def unembedded(self, model: str, *, after: int, up_to: int, limit: int) -> list[Unembedded]:
        return await self._access.read(_unembedded, model, after, up_to, limit)

    async def keep(self, model: str, embedded: Sequence[Embedded]) -> int:
        def apply(connection: Connection, _now: datetime) -> int:
            return _keep(connection, model, embedded)

        return await self._access.change(apply)

    async def forget_other_sizes(self, model: str, size: int) -> int:
        def apply(connection: Connection, _now: datetime) -> int:
            other = (_KEPT.model == model) & (func.length(_KEPT.vector) != size)
            return connection.execute(delete(message_embeddings).where(other)).rowcount

        return await self._access.change(apply)

    async def counts(self, model: str) -> tuple[int, int]:
        return await self._access.read(_counts, model)

    async def newest_write(self) -> int:
        return await self._access.read(_newest_write)

    async def vectors(self, model: str, eyes: Eyes, *, after: int) -> list[StoredVector]:
        return await self._access.read(_vectors, model, eyes, after)

    async def vectors_of(self, model: str, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredVector]:
        return await self._access.read(_vectors_of, model, keys, eyes)


def _extents(connection: Connection) -> Extents:
    newest = connection.execute(select(func.coalesce(func.max(messages.c.seq), 0))).scalar_one()
    return Extents(newest, connection.execute(select(search_progress.c.revision)).scalar_one())


def _unembedded(connection: Connection, model: str, after: int, up_to: int, limit: int) -> list[Unembedded]:
    has = select(1).where(_KEPT.seq == messages.c.seq, _KEPT.model == model).exists()
    query = (
        select(messages.c.seq, messages.c.content)
        .where(*SAID, messages.c.seq > after, messages.c.seq <= up_to, ~has, _ANY)
        .order_by(messages.c.seq.desc())
        .limit(limit)
    )
    return [Unembedded(row.seq, row.content) for row in connection.execute(query)]


def _keep(connection: Connection, model: str, embedded: Sequence[Embedded]) -> int:
    written = _next_write(connection)
    given = {each.seq: each for each in embedded}
    query = select(messages.c.seq, messages.c.conversation_id, messages.c.id, messages.c.content).where(
        messages.c.seq.in_(given), *SAID
    )
    rows = [
        {
            "seq": row.seq,
            "conversation_id": row.conversation_id,
            "message_id": row.id,
            "model": model,
            "written": written,
            "vector": given[row.seq].vector,
        }
        for row in connection.execute(query)
        if row.content == given[row.seq].text
    ]
    if rows:
        insert = insert_of(connection, message_embeddings)
        changed = {name: insert.excluded[name] for name in ("model", "written", "vector")}
        connection.execute(insert.on_conflict_do_update(index_elements=[_KEPT.seq], set_=changed), rows)
    return len(rows)


def _next_write(connection: Connection) -> int:
    """Return the number of this write, and have others wait for its end: those that keep vectors or change messages.

    So none becomes visible behind a later one, and none is of a text that somebody is changing. A number of what
    was deleted since may come again; `revision` tells readers of that.
    """
    revision = search_progress.c.revision
    connection.execute(update(search_progress).values(revision=revision))
    newest: int = connection.execute(select(func.coalesce(func.max(_KEPT.written), 0))).scalar_one()
    return newest + 1


def _counts(connection: Connection, model: str) -> tuple[int, int]:
    done = connection.execute(select(func.count()).where(_KEPT.model == model)).scalar_one()
    every = connection.execute(select(func.count()).select_from(messages).where(*SAID, _ANY)).scalar_one()
    return done, every


def _newest_write(connection: Connection) -> int:
    newest: int = connection.execute(select(func.coalesce(func.max(_KEPT.written), 0))).scalar_one()
    return newest


def _vectors(connection: Connection, model: str, eyes: Eyes, after: int) -> list[StoredVector]:
    return _read(connection, _since(Gaze.of(eyes)), {**values_of(eyes), "model": model, "after": after})


def _vectors_of(
    connection: Connection, model: str, keys: Collection[tuple[int, int]], eyes: Eyes
) -> list[StoredVector]:
    wanted = frozenset(keys)
    ids = json.dumps(sorted({message_id for _, message_id in wanted}))
    query = _of_messages(Gaze.of(eyes), connection.dialect.name)
    found = _read(connection, query, {**values_of(eyes), "model": model, "numbers": ids})
    return [vector for vector in found if vector.key in wanted]


def _read(connection: Connection, query: Select[Any], values: Mapping[str, object]) -> list[StoredVector]:
    rows = connection.execute(query, values)
    return [StoredVector((conversation_id, message_id), vector) for conversation_id, message_id, vector in rows]


@cache
def _since(gaze: Gaze) -> Select[Any]:
    """Select the vectors that were written after others, in that order."""
    query = _vectors_seen(gaze).where(_KEPT.written > bindparam("after"))
    return query.order_by(_KEPT.written)


@cache
def _of_messages(gaze: Gaze, dialect: str) -> Select[Any]:
    """Select the vectors of messages, which are found by their ids."""
    return _vectors_seen(gaze).where(_KEPT.seq.in_(select(messages.c.seq).where(is_one_of(messages.c.id, dialect))))


def _vectors_seen(gaze: Gaze) -> Select[Any]:
    query = select(_KEPT.conversation_id, _KEPT.message_id, _KEPT.vector)
    return query.where(_KEPT.model == bindparam("model"), *gaze.limits(_KEPT.conversation_id))
