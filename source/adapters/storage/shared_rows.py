"""Threads and people of a batch, as a database has them into which other processes write too."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from source.adapters.storage.known_rows import KnownRows
from source.domain.thread import Platform, ThreadKey, ThreadRef

_THREADS: Final = """
SELECT id, threads.platform, thread_id, guild_id, guild_name, circle FROM threads
JOIN unnest(%s::text[], %s::text[]) AS asked (platform, name)
ON threads.platform = asked.platform AND thread_id = asked.name
"""
_PEOPLE: Final = """
SELECT aliases.platform, external_id, display_name FROM aliases
JOIN unnest(%s::text[], %s::text[]) AS asked (platform, name)
ON aliases.platform = asked.platform AND external_id = asked.name
"""


class SharedRows(KnownRows):
    """Keeps nothing from batch to batch: what is known of a row is read with one query for all of a batch."""

    def look_up(
        self, connection: Connection, threads: Iterable[ThreadKey], people: Iterable[tuple[Platform, str]]
    ) -> None:
        self.forget()
        for key, platform, *place in _rows(connection, _THREADS, set(threads)):
            thread = ThreadRef(Platform(platform), *place)
            self._threads[thread.key] = (key, thread)
        for platform, external_id, display_name in _rows(connection, _PEOPLE, set(people)):
            self._people[Platform(platform), external_id] = display_name


def _rows(
    connection: Connection, query: str, names: set[ThreadKey] | set[tuple[Platform, str]]
) -> Sequence[tuple[Any, ...]]:  # Any: the columns of a row are known to the query
    if not names:
        return []
    platforms, ids = zip(*names, strict=True)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query, ([platform.value for platform in platforms], list(ids)))
        return cursor.fetchall()
    finally:
        cursor.close()
