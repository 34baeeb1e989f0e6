"""What the clean-up finds in the database, and deletes there."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, Delete, Select, and_, delete, exists, or_, select

from source.adapters.storage import database_space
from source.adapters.storage.conversation_deletion import strip_events
from source.adapters.storage.early_table import forget_what_cannot_come
from source.adapters.storage.operation_tables import archives, idempotent_answers
from source.adapters.storage.parked_tables import parked_replies
from source.adapters.storage.profile_tables import profile_values
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import (
    UNFINISHED,
    aliases,
    conversations,
    events,
    feedback,
    participants,
    people,
    sent_parts,
    sent_statuses,
)
from source.adapters.storage.webhook_tables import webhook_deliveries
from source.domain.conversation_head import ConversationState
from source.ports.archives import SpaceFreed

_IS_ARCHIVED: Final = conversations.c.state == ConversationState.ARCHIVED.value
_AT_ONCE: Final = 500


class HousekeepingTable:
    """Implements `HousekeepingStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def archived_before(self, moment: datetime, *, limit: int = 10_000) -> list[int]:
        return await self._access.read(_archives, archives.c.archived_at < moment, limit=limit)

    async def plain_archives(self, before: datetime, *, limit: int = 10_000) -> list[int]:
        is_plain = archives.c.is_compressed.is_(False)
        return await self._access.read(_archives, archives.c.archived_at < before, is_plain, limit=limit)

    async def unsettled_archives(self, *, limit: int = 10_000) -> list[int]:
        return await self._access.read(_unsettled, limit)

    async def archived_filenames(self, *, after: int = 0, limit: int = 1_000) -> list[tuple[int, str]]:
        return await self._access.read(_filenames, after, limit)

    async def locations(self, conversation_ids: Sequence[int]) -> dict[int, str]:
        return await self._access.read(_locations, conversation_ids)

    async def delete_orphans(self) -> Mapping[str, int]:
        stripped = await self._strip_events()
        return {
            "archives": await self._delete(archives.c.conversation_id, ~_has_archived()),
            "sent_parts": await self._delete(sent_parts.c.key, ~_has_event(sent_parts.c.key)),
            "parked_replies": await self._delete(parked_replies.c.key, ~_has_event(parked_replies.c.key)),
            "sent_statuses": await self._delete(sent_statuses.c.key, ~_has_event(sent_statuses.c.key)),
            "feedback": await self._delete(feedback.c.key, ~_has_event(feedback.c.key)),
            "aliases": await self._delete_aliases(),
            "people": await self._delete(people.c.id, ~exists().where(aliases.c.person_id == people.c.id)),
            "events": stripped,
        }

    async def delete_answers(self, before: datetime) -> int:
        is_old = idempotent_answers.c.created_at < before
        return await self._access.change(partial(_rows_gone, delete(idempotent_answers).where(is_old)))

    async def delete_deliveries(self, before: datetime) -> int:
        is_old = and_(webhook_deliveries.c.payload.is_(None), webhook_deliveries.c.received_at < before)
        await self._access.change(lambda connection, _now: forget_what_cannot_come(connection, before))
        return await self._access.change(partial(_rows_gone, delete(webhook_deliveries).where(is_old)))

    async def give_back_space(self, *, within: timedelta) -> SpaceFreed:
        return await database_space.give_back_space(self._access, within_seconds=within.total_seconds())

    async def _delete(self, key: Column[int], is_orphan: ColumnElement[bool]) -> int:
        """Delete the rows of a table that are orphans; each is looked at again as it goes."""
        return sum([await self._delete_some(key, is_orphan, keys) for keys in await self._found(key, is_orphan)])

    async def _found(self, key: Column[int], is_orphan: ColumnElement[bool]) -> list[list[int]]:
        keys = await self._access.read(_keys, select(key).where(is_orphan).distinct())
        return [keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE)]

    async def _delete_some(self, key: Column[int], is_orphan: ColumnElement[bool], keys: list[int]) -> int:
        return await self._access.change(partial(_rows_gone, delete(key.table).where(key.in_(keys), is_orphan)))

    async def _delete_aliases(self) -> int:
        """Forget the names of people of whom nothing else is known any more."""
        is_orphan = ~_takes_part()
        deleted = 0
        for platform, external_id in await self._access.read(_alias_keys, is_orphan):
            this = (aliases.c.platform == platform, aliases.c.external_id == external_id, is_orphan)
            statement = delete(aliases).where(*this)
            deleted += await self._access.change(partial(_rows_gone, statement))
        return deleted

    async def _strip_events(self) -> int:
        """Leave only the ids of events whose conversation is gone."""
        is_orphan = events.c.conversation_id.is_not(None) & ~exists().where(
            conversations.c.id == events.c.conversation_id
        )
        steps = await self._found(events.c.id, is_orphan)
        for keys in steps:
            await self._access.change(partial(_strip, keys))
        return sum(map(len, steps))


def _rows_gone(statement: Delete, connection: Connection, _now: datetime) -> int:
    return connection.execute(statement).rowcount


def _strip(keys: Sequence[int], connection: Connection, _now: datetime) -> None:
    strip_events(connection, keys)


def _has_archived() -> ColumnElement[bool]:
    return exists().where(conversations.c.id == archives.c.conversation_id, _IS_ARCHIVED)


def _has_event(key: Column[int]) -> ColumnElement[bool]:
    return exists().where(events.c.id == key)


def _takes_part() -> ColumnElement[bool]:
    """Whether somebody took part in a conversation, waits for an answer, or has told who they are by a command."""
    waits = exists().where(
        UNFINISHED, events.c.platform == aliases.c.platform, events.c.external_id == aliases.c.external_id
    )
    told = exists().where(profile_values.c.person_id == aliases.c.person_id)
    return or_(exists().where(participants.c.external_id == aliases.c.external_id), waits, told)


def _keys(connection: Connection, query: Select[int]) -> list[int]:
    return list(connection.execute(query).scalars())


def _alias_keys(connection: Connection, is_orphan: ColumnElement[bool]) -> list[tuple[str, str]]:
    rows = connection.execute(select(aliases.c.platform, aliases.c.external_id).where(is_orphan))
    return [(row.platform, row.external_id) for row in rows]


def _archives(connection: Connection, *where: ColumnElement[bool], limit: int) -> list[int]:
    query = select(archives.c.conversation_id).where(*where).order_by(archives.c.archived_at).limit(limit)
    return list(connection.execute(query).scalars())


def _unsettled(connection: Connection, limit: int) -> list[int]:
    query = (
        select(conversations.c.id)
        .outerjoin(archives, archives.c.conversation_id == conversations.c.id)
        .where(_IS_ARCHIVED, or_(archives.c.conversation_id.is_(None), archives.c.sha256 == ""))
        .order_by(conversations.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _filenames(connection: Connection, after: int, limit: int) -> list[tuple[int, str]]:
    query = select(conversations.c.id, conversations.c.filename).where(_IS_ARCHIVED, conversations.c.id > after)
    return [(row.id, row.filename) for row in connection.execute(query.order_by(conversations.c.id).limit(limit))]


def _locations(connection: Connection, conversation_ids: Sequence[int]) -> dict[int, str]:
    query = select(archives.c.conversation_id, archives.c.location)
    rows = connection.execute(query.where(archives.c.conversation_id.in_(conversation_ids)))
    return {row.conversation_id: row.location for row in rows}
