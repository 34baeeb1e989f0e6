"""How long things are kept, in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select

from source.adapters.storage.operation_tables import user_summaries
from source.adapters.storage.privacy_tables import retention_rules
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations, messages, participants, threads
from source.domain.retention import RetentionRule
from source.domain.thread import Platform
from source.ports.privacy import OldSummary

_WHOSE: Final = ("platform", "guild_id", "thread_id", "person_id")


class RetentionTable:
    """Implements `RetentionStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def rules(self) -> list[RetentionRule]:
        return await self._access.read(_rules)

    async def put_rule(self, rule: RetentionRule) -> RetentionRule:
        def apply(connection: Connection, now: datetime) -> RetentionRule:
            connection.execute(delete(retention_rules).where(_is_same(rule)))
            row: dict[str, Any] = {
                "id": self._access.ids.next(now),
                "platform": rule.platform.value if rule.platform else None,
                "guild_id": rule.guild_id,
                "thread_id": rule.thread_id,
                "person_id": rule.person_id,
                "message_days": rule.message_days,
                "summary_days": rule.summary_days,
                "changed_at": now,
            }
            return _rule_from(connection.execute(insert(retention_rules).values(row).returning(retention_rules)).one())

        return await self._access.change(apply)

    async def remove_rule(self, rule_id: int) -> bool:
        def apply(connection: Connection, _now: datetime) -> bool:
            return connection.execute(delete(retention_rules).where(retention_rules.c.id == rule_id)).rowcount > 0

        return await self._access.change(apply)

    async def older_than(self, moment: datetime, *, after: int = 0, limit: int = 500) -> list[int]:
        return await self._access.read(_older_than, moment, after, limit)

    async def people_in(self, conversation_id: int) -> Mapping[str, int]:
        return await self._access.read(_people_in, conversation_id)

    async def old_summaries(self, moment: datetime) -> list[OldSummary]:
        return await self._access.read(_old_summaries, moment)

    async def delete_summaries(self, summary_ids: Sequence[int]) -> int:
        def apply(connection: Connection, _now: datetime) -> int:
            return connection.execute(delete(user_summaries).where(user_summaries.c.id.in_(summary_ids))).rowcount

        return await self._access.change(apply)


def _rules(connection: Connection) -> list[RetentionRule]:
    return [_rule_from(row) for row in connection.execute(select(retention_rules).order_by(retention_rules.c.id))]


def _is_same(rule: RetentionRule) -> ColumnElement[bool]:
    values = (rule.platform.value if rule.platform else None, rule.guild_id, rule.thread_id, rule.person_id)
    return and_(
        *(retention_rules.c[name].is_not_distinct_from(value) for name, value in zip(_WHOSE, values, strict=True))
    )


def _older_than(connection: Connection, moment: datetime, after: int, limit: int) -> list[int]:
    said = exists().where(messages.c.conversation_id == conversations.c.id, messages.c.created_at < moment)
    query = select(conversations.c.id).where(conversations.c.id > after, or_(said, conversations.c.created_at < moment))
    return list(connection.execute(query.order_by(conversations.c.id).limit(limit)).scalars())


def _people_in(connection: Connection, conversation_id: int) -> dict[str, int]:
    query = (
        select(aliases.c.external_id, aliases.c.person_id)
        .join(participants, participants.c.external_id == aliases.c.external_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, and_(threads.c.id == conversations.c.thread_key, threads.c.platform == aliases.c.platform))
        .where(participants.c.conversation_id == conversation_id)
    )
    return {row.external_id: row.person_id for row in connection.execute(query)}


def _old_summaries(connection: Connection, moment: datetime) -> list[OldSummary]:
    query = (
        select(user_summaries.c.id, user_summaries.c.updated_at, func.min(aliases.c.person_id).label("person_id"))
        .outerjoin(aliases, aliases.c.external_id == user_summaries.c.user_id)
        .where(user_summaries.c.updated_at < moment)
        .group_by(user_summaries.c.id, user_summaries.c.updated_at)
    )
    return [OldSummary(row.id, row.person_id, row.updated_at) for row in connection.execute(query)]


def _rule_from(row: AnyRow) -> RetentionRule:
    return RetentionRule(
        rule_id=row.id,
        platform=Platform(row.platform) if row.platform else None,
        guild_id=row.guild_id,
        thread_id=row.thread_id,
        person_id=row.person_id,
        message_days=row.message_days,
        summary_days=row.summary_days,
    )
