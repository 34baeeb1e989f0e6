"""Which messages of an export the store has already."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, select

from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import events, sent_parts
from source.domain.thread import Platform

_AT_ONCE: Final = 500


class ImportReading:
    """Implements `KnownMessages`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def known(self, platform: Platform, event_ids: Collection[str]) -> dict[str, int | None]:
        return await self._access.read(_known, platform, event_ids)


def _known(connection: Connection, platform: Platform, event_ids: Collection[str]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    ids = list(event_ids)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        accepted = select(events.c.event_id, events.c.conversation_id).where(
            events.c.platform == platform.value, events.c.event_id.in_(some)
        )
        # Echo's own messages on the platform: what they show is in the reply to this event.
        shown = (
            select(sent_parts.c.external_id, events.c.conversation_id)
            .outerjoin(events, events.c.id == sent_parts.c.key)
            .where(sent_parts.c.platform == platform.value, sent_parts.c.external_id.in_(some))
        )
        for query in (accepted, shown):
            found.update({row[0]: row[1] for row in connection.execute(query)})
    return found
