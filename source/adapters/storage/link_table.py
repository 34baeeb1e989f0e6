"""Codes that join accounts, in the database."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, not_, select

from source.adapters.storage.person_merge import merge_people, split_account
from source.adapters.storage.person_rows import person_of
from source.adapters.storage.profile_tables import link_attempts, link_codes, link_notices
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.tables import aliases
from source.domain.thread import Platform
from source.ports.profiles import Account, Joined, Joining, LinkNotice

MOST_FAILURES: Final = 5
PAUSE: Final = timedelta(minutes=15)


class LinkTable:
    """Implements LinkStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def put_code(self, account: Account, digest: str, expires_at: datetime) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            connection.execute(delete(link_codes).where(link_codes.c.expires_at <= now))
            person_id = person_of(connection, self._access.ids, account.platform, account.person, now)
            values = {"person_id": person_id, "digest": digest, "expires_at": expires_at}
            key = {"platform": account.platform.value, "external_id": account.person.external_id}
            put = insert_of(connection, link_codes).values(**key, **values)
            connection.execute(put.on_conflict_do_update(index_elements=[*key], set_=values))

        await self._access.change(apply)

    async def join(self, account: Account, digest: str) -> Joined:
        def apply(connection: Connection, now: datetime) -> Joined:
            person_id = person_of(connection, self._access.ids, account.platform, account.person, now)
            if _is_paused(connection, person_id, now):
                return Joined(Joining.PAUSED)
            this = (link_codes.c.digest == digest, link_codes.c.expires_at > now)
            code = connection.execute(select(link_codes).where(*this).with_for_update()).first()
            if code is None:
                return Joined(_failed(connection, person_id, now))
            other = Platform(code.platform)
            if (other, code.external_id) == (account.platform, account.person.external_id):
                return Joined(Joining.SAME_ACCOUNT, other)
            connection.execute(delete(link_codes).where(link_codes.c.digest == digest))
            connection.execute(delete(link_attempts).where(link_attempts.c.person_id == person_id))
            if code.person_id == person_id:
                return Joined(Joining.ALREADY, other)
            merge_people(connection, code.person_id, person_id)
            told = {"platform": code.platform, "external_id": code.external_id, "person_id": code.person_id}
            row = {**told, "other_platform": account.platform.value, "joined_at": now}
            connection.execute(insert(link_notices).values(row))
            return Joined(Joining.JOINED, other)

        return await self._access.change(apply)

    async def leave(self, platform: Platform, external_id: str) -> bool:
        def apply(connection: Connection, now: datetime) -> bool:
            return split_account(connection, self._access.ids, platform, external_id, now) is not None

        return await self._access.change(apply)

    async def merge(self, kept: int, gone: int) -> bool:
        return await self._access.change(lambda connection, _now: merge_people(connection, kept, gone))

    async def notices(self) -> list[LinkNotice]:
        return await self._access.read(_notices)

    async def told(self, notice_id: int) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(delete(link_notices).where(link_notices.c.id == notice_id))

        await self._access.change(apply)


def _is_paused(connection: Connection, person_id: int, now: datetime) -> bool:
    """Whether somebody has tried too often; who has waited starts anew."""
    this = link_attempts.c.person_id == person_id
    tried = connection.execute(select(link_attempts).where(this).with_for_update()).first()
    if tried is None:
        return False
    if now - tried.since >= PAUSE:
        connection.execute(delete(link_attempts).where(this))
        return False
    return bool(tried.failures >= MOST_FAILURES)


def _failed(connection: Connection, person_id: int, now: datetime) -> Joining:
    this = link_attempts.c.person_id == person_id
    put = insert_of(connection, link_attempts).values(person_id=person_id, failures=1, since=now)
    # The pause begins with the last try.
    again = put.on_conflict_do_update(
        index_elements=["person_id"], set_={"failures": link_attempts.c.failures + 1, "since": now}
    )
    connection.execute(again)
    failures = connection.execute(select(link_attempts.c.failures).where(this)).scalar_one()
    return Joining.PAUSED if failures >= MOST_FAILURES else Joining.WRONG


def _notices(connection: Connection) -> list[LinkNotice]:
    query = select(link_notices, _is_linked().label("is_linked")).order_by(link_notices.c.id)
    return [
        LinkNotice(
            row.id, Platform(row.platform), row.external_id, Platform(row.other_platform), row.joined_at, row.is_linked
        )
        for row in connection.execute(query)
    ]


def _is_linked() -> ColumnElement[bool]:
    """Whether the person of the account still has another one on the platform where the code was typed."""
    other = (aliases.c.person_id == link_notices.c.person_id, aliases.c.platform == link_notices.c.other_platform)
    itself = and_(aliases.c.platform == link_notices.c.platform, aliases.c.external_id == link_notices.c.external_id)
    return exists().where(*other, not_(itself))
