"""Times in a database column."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import DateTime
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from source.domain.message import as_utc

_TEXT_LENGTH: Final = len("2026-03-02 09:00:00.000000")


class _SqliteMoment(sqlite.DATETIME):
    """`2026-03-02 09:00:00.000000` in UTC: sorts as text, and SQLite's own date functions read it."""

    def bind_processor(self, _dialect: Dialect) -> Callable[[datetime | None], str | None]:
        return _as_text

    def result_processor(self, _dialect: Dialect, _coltype: object) -> Callable[[str | None], datetime | None]:
        return _from_text


class Moment(TypeDecorator[datetime]):
    """Aware UTC out; a naive time in is local time."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_SqliteMoment())  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], object]:
        """Go straight to the text where there is one (Any: what the driver takes): a message has two of these."""
        return _as_text if dialect.name == "sqlite" else _as_aware

    def result_processor(self, dialect: Dialect, _coltype: object) -> Callable[[Any], datetime | None]:
        return _from_text if dialect.name == "sqlite" else _as_aware


def _as_aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else as_utc(moment)


def _as_text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    # Only of what is in UTC one value is one moment, for whatever else there are hours that come twice.
    return _utc_as_text(moment) if moment.tzinfo is UTC else _utc_as_text.__wrapped__(as_utc(moment))


@lru_cache(maxsize=2_048)  # a message's own time is written in three places
def _utc_as_text(moment: datetime) -> str:
    return moment.isoformat(" ", "microseconds")[:_TEXT_LENGTH]


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)
