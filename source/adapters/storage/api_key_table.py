"""API keys in the database."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Row, or_, select, update

from source.adapters.storage.operation_tables import api_keys
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.domain.api_key import ApiKey, Scope
from source.domain.errors import StoreConflictError
from source.ports.api_keys import NewApiKey


class ApiKeyTable:
    """Implements `ApiKeyStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def add_key(self, new: NewApiKey) -> ApiKey:
        def apply(connection: Connection, now: datetime) -> ApiKey:
            statement = insert_of(connection, api_keys).on_conflict_do_nothing().returning(api_keys)
            row = connection.execute(
                statement.values(
                    id=self._access.ids.next(now),
                    name=new.name,
                    prefix=new.prefix,
                    hash=new.digest,
                    scopes=sorted(new.scopes),
                    created_at=now,
                    expires_at=new.expires_at,
                )
            ).one_or_none()
            # Made again after a lost connection, it finds itself.
            row = row or connection.execute(select(api_keys).where(api_keys.c.hash == new.digest)).one_or_none()
            if row is None:
                raise StoreConflictError(f"There is, or was, a key named {new.name!r}: choose another name.")
            return _key(row)

        return await self._access.change(apply)

    async def keys(self) -> list[ApiKey]:
        return await self._access.read(_keys)

    async def revoke_key(self, name: str) -> ApiKey | None:
        def apply(connection: Connection, now: datetime) -> ApiKey | None:
            mine = api_keys.c.name == name
            connection.execute(update(api_keys).where(mine, api_keys.c.revoked_at.is_(None)).values(revoked_at=now))
            row = connection.execute(select(api_keys).where(mine)).one_or_none()
            return None if row is None else _key(row)

        return await self._access.change(apply)

    async def note_used(self, used: Mapping[int, datetime]) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            last = api_keys.c.last_used_at
            for key_id, moment in used.items():
                later = or_(last.is_(None), last < moment)
                connection.execute(update(api_keys).where(api_keys.c.id == key_id, later).values(last_used_at=moment))

        await self._access.change(apply)


def _keys(connection: Connection) -> list[ApiKey]:
    return [_key(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.id))]


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        key_id=row.id,
        name=row.name,
        prefix=row.prefix,
        digest=row.hash,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
