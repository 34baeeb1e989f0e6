"""What platforms tell of the time before Echo was there, in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, case, delete, func, or_, select

from source.adapters.storage.identity_tables import history_messages, history_progress
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.domain.thread import Platform
from source.ports.history import HistoryNews, HistoryState, PastMessage

_PAST = history_messages.c
_AT_ONCE: Final = 500


class HistoryTable:
    """Implements `HistoryStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def put_past(self, platform: Platform, contact_id: int, messages: Sequence[PastMessage]) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            each_once = list({message.key: message for message in messages}.values())
            for start in range(0, len(each_once), _AT_ONCE):
                _put(connection, platform, contact_id, each_once[start : start + _AT_ONCE], now)

        await self._access.change(apply)

    async def waiting(self, platform: Platform) -> Mapping[int, datetime]:
        return await self._access.read(_waiting, platform)

    async def past_of(self, platform: Platform, contact_id: int, *, before: datetime) -> list[PastMessage]:
        return await self._access.read(_past_of, platform, contact_id, before)

    async def drop_past(self, platform: Platform, keys: Collection[str]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            given = list(keys)
            for start in range(0, len(given), _AT_ONCE):
                these = (_PAST.platform == platform.value, _PAST.key.in_(given[start : start + _AT_ONCE]))
                connection.execute(delete(history_messages).where(*these))

        await self._access.change(apply)

    async def note_news(self, platform: Platform, news: HistoryNews) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            put = insert_of(connection, history_progress)
            put = put.values(platform=platform.value, progress=news.progress or 0, error=news.error, updated_at=now)
            known = history_progress.c.progress
            later = {
                "progress": case((known > put.excluded.progress, known), else_=put.excluded.progress),
                "error": put.excluded.error,
                "updated_at": put.excluded.updated_at,
            }
            connection.execute(put.on_conflict_do_update(index_elements=["platform"], set_=later))

        await self._access.change(apply)

    async def states(self) -> list[HistoryState]:
        return await self._access.read(_states)


def _put(
    connection: Connection, platform: Platform, contact_id: int, messages: Sequence[PastMessage], now: datetime
) -> None:
    rows = [
        {
            "platform": platform.value,
            "key": message.key,
            "contact_id": contact_id,
            "said_at": message.said_at,
            "is_own": message.is_own,
            "is_file": message.is_file,
            "place": message.place,
            "text": message.text,
            "received_at": now,
        }
        for message in messages
    ]
    put = insert_of(connection, history_messages).values(rows)
    told = {"text": put.excluded.text, "is_file": put.excluded.is_file, "received_at": put.excluded.received_at}
    is_news = or_(put.excluded.is_file, ~_PAST.is_file)
    connection.execute(put.on_conflict_do_update(index_elements=["platform", "key"], set_=told, where=is_news))


def _waiting(connection: Connection, platform: Platform) -> dict[int, datetime]:
    query = select(_PAST.contact_id, func.max(_PAST.received_at).label("last")).where(_PAST.platform == platform.value)
    return {row.contact_id: row.last for row in connection.execute(query.group_by(_PAST.contact_id))}


def _past_of(connection: Connection, platform: Platform, contact_id: int, before: datetime) -> list[PastMessage]:
    theirs = (_PAST.platform == platform.value, _PAST.contact_id == contact_id, _PAST.said_at < before)
    rows = connection.execute(select(history_messages).where(*theirs).order_by(_PAST.said_at, _PAST.place, _PAST.key))
    return [PastMessage(row.key, row.said_at, row.text, row.is_own, row.is_file, row.place) for row in rows]


def _states(connection: Connection) -> list[HistoryState]:
    counted = select(_PAST.platform, func.count().label("waiting")).group_by(_PAST.platform).subquery()
    query = select(history_progress, func.coalesce(counted.c.waiting, 0).label("waiting")).outerjoin(
        counted, counted.c.platform == history_progress.c.platform
    )
    return [
        HistoryState(Platform(row.platform), row.progress, row.waiting, row.error, row.updated_at)
        for row in connection.execute(query.order_by(history_progress.c.platform))
    ]
