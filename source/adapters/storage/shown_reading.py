"""Where what was said may have been shown again, in the database."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, Select, and_, or_, select

from source.adapters.storage.person_reading import in_steps
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations, messages, participants, threads
from source.domain.message import MessageType, Standing
from source.domain.thread import Platform
from source.ports.telling import ShownText, Viewer

_ACCOUNTS_AT_ONCE: Final = 500
_TOLD: Final = (
    conversations.c.title,
    conversations.c.summary,
    conversations.c.carried_summary,
    conversations.c.running_summary,
)


class ShownTable:
    """Implements `ShownReading`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def viewers_of(self, conversation_ids: Collection[int]) -> set[Viewer]:
        return await self._access.read(_viewers_of, conversation_ids)

    async def shown_to(self, viewers: Collection[Viewer], since: datetime) -> list[ShownText]:
        return await self._access.read(_shown_to, viewers, since)


def _viewers_of(connection: Connection, conversation_ids: Collection[int]) -> set[Viewer]:
    found: set[Viewer] = set()
    own, other = aliases.alias("own"), aliases.alias("other")
    for some in in_steps(conversation_ids):
        query = (
            select(threads.c.guild_id, other.c.platform, other.c.external_id)
            .distinct()
            .select_from(participants)
            .join(conversations, conversations.c.id == participants.c.conversation_id)
            .join(threads, threads.c.id == conversations.c.thread_key)
            .join(own, and_(own.c.platform == threads.c.platform, own.c.external_id == participants.c.external_id))
            .join(other, other.c.person_id == own.c.person_id)
            .where(
                participants.c.conversation_id.in_(some),
                or_(
                    threads.c.guild_id.is_(None),
                    and_(other.c.platform == own.c.platform, other.c.external_id == own.c.external_id),
                ),
            )
        )
        rows = connection.execute(query)
        found.update(Viewer(Platform(row.platform), row.guild_id, row.external_id) for row in rows)
    return found


def _shown_to(connection: Connection, viewers: Collection[Viewer], since: datetime) -> list[ShownText]:
    shown: list[ShownText] = []
    for some in in_steps({key for query in _taken_part_in(viewers) for key in connection.execute(query).scalars()}):
        heads = select(conversations.c.id, *_TOLD).where(conversations.c.id.in_(some))
        for row in connection.execute(heads.where(conversations.c.updated_at >= since)):
            shown += (ShownText(row.id, text) for text in row[1:] if text)
        given = select(messages.c.conversation_id, messages.c.content).where(
            messages.c.conversation_id.in_(some),
            messages.c.created_at >= since,
            messages.c.message_type == MessageType.TOOL_CALL_RESPONSE.value,
            messages.c.standing != Standing.DELETED.value,
        )
        shown += (ShownText(row.conversation_id, row.content) for row in connection.execute(given))
    return shown


def _taken_part_in(viewers: Collection[Viewer]) -> Iterator[Select[int]]:
    place = attrgetter("platform", "guild_id")
    ordered = sorted(viewers, key=lambda each: (each.platform.value, each.guild_id or "", each.external_id))
    for (platform, guild_id), here in groupby(ordered, place):
        ids = [each.external_id for each in here]
        for start in range(0, len(ids), _ACCOUNTS_AT_ONCE):
            yield _conversations_of(platform, guild_id, ids[start : start + _ACCOUNTS_AT_ONCE])


def _conversations_of(platform: Platform, guild_id: str | None, external_ids: Sequence[str]) -> Select[int]:
    return (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(
            participants.c.external_id.in_(external_ids),
            threads.c.platform == platform.value,
            threads.c.guild_id.is_not_distinct_from(guild_id),
        )
    )
