"""What became of accepted messages, from the database."""

from sqlalchemy import Connection, select

from source.adapters.storage.channel_reading import find, reply_to_event
from source.adapters.storage.row_reading import THREAD_COLUMNS, thread_from
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import events, threads
from source.domain.thread import Platform
from source.domain.turn import EventState
from source.ports.asked_before import AskedBefore


class AskedBeforeTable:
    """Implements `AskedBeforeReader`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def asked_before(self, platform: Platform, event_id: str) -> AskedBefore | None:
        return await self._access.read(_asked_before, platform, event_id)


def _asked_before(connection: Connection, platform: Platform, event_id: str) -> AskedBefore | None:
    query = (
        select(events.c.id, events.c.external_id, events.c.text, events.c.state, *THREAD_COLUMNS)
        .join(threads, threads.c.id == events.c.thread_key)
        .where(events.c.platform == platform.value, events.c.event_id == event_id)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return AskedBefore(
        key=row.id,
        thread=thread_from(row),
        external_id=row.external_id,
        text=row.text if row.text is not None else _kept_text(connection, platform, event_id),
        is_over=row.state != EventState.ACCEPTED.value,
        reply=reply_to_event(connection, row.id),
    )


def _kept_text(connection: Connection, platform: Platform, event_id: str) -> str | None:
    """Return what was said, as long as the conversation has it unchanged."""
    said = find(connection, platform, event_id)
    if said is None or not said.message.is_kept or said.message.edited_at is not None:
        return None
    return said.message.message_content
