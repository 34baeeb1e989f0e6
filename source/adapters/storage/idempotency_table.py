"""Answers to writes that may be repeated, in the database."""

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, tuple_, update

from source.adapters.storage.operation_tables import idempotent_answers
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.ports.api_keys import Claim, StoredAnswer

_columns = idempotent_answers.c
# Behind the hash of the request stands who took it on: a claim that is made again after a lost connection finds itself.
_SEPARATOR: Final = "."


class IdempotencyTable:
    """Implements `AnswerStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def claim(
        self, owner: str, key: str, request_hash: str, *, abandoned_before: datetime, forgotten_before: datetime
    ) -> Claim:
        mark = f"{request_hash}{_SEPARATOR}{secrets.token_hex(8)}"

        def apply(connection: Connection, now: datetime) -> Claim:
            statement = insert_of(connection, idempotent_answers).values(
                owner=owner, key=key, request_hash=mark, created_at=now
            )
            free = or_(
                and_(_columns.status.is_(None), _columns.created_at < abandoned_before),
                _columns.created_at < forgotten_before,
            )
            values = {"request_hash": mark, "created_at": now, "status": None, "headers": None, "body": None}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["owner", "key"], set_=values, where=free)
            )
            return _found(connection, owner, key, mark)

        return await self._access.change(apply)

    async def put_answer(self, owner: str, key: str, answer: StoredAnswer) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
            connection.execute(update(idempotent_answers).where(_of(owner, key)).values(values))

        await self._access.change(apply)

    async def release(self, owner: str, key: str) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(delete(idempotent_answers).where(_of(owner, key), _columns.status.is_(None)))

        await self._access.change(apply)

    async def forget_answers(self, before: datetime, limit: int = 1_000) -> int:
        def apply(connection: Connection, _now: datetime) -> int:
            old = select(_columns.owner, _columns.key).where(_columns.created_at < before).limit(limit)
            gone = delete(idempotent_answers).where(tuple_(_columns.owner, _columns.key).in_(old))
            return connection.execute(gone).rowcount

        return await self._access.change(apply)


def _found(connection: Connection, owner: str, key: str, mark: str) -> Claim:
    row = connection.execute(select(idempotent_answers).where(_of(owner, key))).one()
    if row.request_hash == mark:
        return Claim(is_ours=True)
    is_same = _hash_in(row.request_hash) == _hash_in(mark)
    if row.status is None:
        return Claim(is_ours=False, is_same=is_same)
    answer = StoredAnswer(row.status, row.headers or {}, bytes(row.body or b""))
    return Claim(is_ours=False, is_same=is_same, answer=answer)


def _hash_in(mark: str) -> str:
    return mark.partition(_SEPARATOR)[0]


def _of(owner: str, key: str) -> ColumnElement[bool]:
    return and_(_columns.owner == owner, _columns.key == key)
