"""Which transcripts may be behind the store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select, update

from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import messages, transcript_progress, unwritten_transcripts
from source.ports.files import Unwritten


class TranscriptProgress:
    """Implements `WrittenTranscripts`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def unwritten(self) -> Unwritten:
        return await self._access.read(_unwritten)

    async def note_written(self, changes: Mapping[int, int], *, up_to: int | None = None) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            if changes:
                connection.execute(_AS_SEEN, [{"written": key, "seen": count} for key, count in changes.items()])
            if up_to is not None:
                connection.execute(update(transcript_progress).values(written_to=up_to))

        await self._access.change(apply)

    async def note_all_written(self) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(delete(unwritten_transcripts))
            connection.execute(update(transcript_progress).values(written_to=_last_message(connection)))

        await self._access.change(apply)


# What was changed again since it was looked at stays.
_AS_SEEN: Final = delete(unwritten_transcripts).where(
    unwritten_transcripts.c.conversation_id == bindparam("written"),
    unwritten_transcripts.c.changes == bindparam("seen"),
)


def _unwritten(connection: Connection) -> Unwritten:
    reached = connection.execute(select(transcript_progress.c.written_to)).scalar_one()
    last = _last_message(connection)
    said = select(messages.c.conversation_id).where(messages.c.seq > reached, messages.c.seq <= last).distinct()
    changed = {row.conversation_id: row.changes for row in connection.execute(select(unwritten_transcripts))}
    known = {*changed, *connection.execute(said).scalars()}
    return Unwritten(tuple(sorted(known, reverse=True)), changed, last)


def _last_message(connection: Connection) -> int:
    last: int = connection.execute(select(func.coalesce(func.max(messages.c.seq), 0))).scalar_one()
    return last
