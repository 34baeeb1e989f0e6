"""The outlines of long histories, as those see them who looked lately."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Integer, Select, String, bindparam, case, cast, func, literal, select

from source.adapters.storage.recall_reading import changed_since
from source.adapters.storage.recall_statements import REVISION, is_one_of, spoken
from source.adapters.storage.seen_places import Gaze, values_of
from source.adapters.storage.tables import messages, threads
from source.domain.recall.question import ECHO
from source.ports.recall import Eyes

if TYPE_CHECKING:  # numpy takes a tenth of a second to import: whoever never asks does not wait for it
    from source.domain.recall.outline import Outline, Said

# What comes to be seen without a new message, as when a place is opened to others, is seen after this long.
_HELD_FOR_SECONDS: Final = 600.0
# Turns of all outlines that are held, about 50 bytes each.
_MOST_HELD: Final = 1_000_000
# Of fewer new messages it is asked of each whether it is seen; of more, all that is seen is gathered once.
_FEW_NEW: Final = 400
# PostgreSQL: numbers are given out before the commit, so that a lower one may come to be seen after a higher one.
_LATE_BY: Final = {"postgresql": 1_000}
# As `date.toordinal` counts: 1 January 1970, and the day before the first in Julian days.
_UNIX_DAY: Final = 719_163
_JULIAN_DAY: Final = 1_721_424.5


@dataclass(frozen=True, slots=True)
class _Held:
    """True of the messages up to `looked_to`, for these accounts of who looks, until the clock comes to `until`."""

    outline: "Outline"
    revision: int
    accounts: frozenset[tuple[str, str]]
    looked_to: int
    until: float


class Outlines:
    """Holds outlines and adds what is new; whoever shows a message asks once more whether it is seen."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._held: OrderedDict[Eyes, _Held] = OrderedDict()
        self._guard = threading.Lock()
        self._forgotten = 0

    def of(self, connection: Connection, eyes: Eyes) -> "Outline":
        """Return the outline of what these eyes see now."""
        eyes, forgotten = replace(eyes, besides=None), self._forgotten
        held = self._held.get(eyes)
        accounts = frozenset((row[0], row[1]) for row in connection.execute(_accounts(Gaze.of(eyes)), values_of(eyes)))
        newest: int = connection.execute(_NEWEST).scalar() or 0
        revision: int = connection.execute(REVISION).scalar_one()
        changed = None if held is None else changed_since(connection, held.revision, revision)
        if held is None or changed is None or held.accounts != accounts or self._monotonic() >= held.until:
            outline = _read(connection, eyes)
            held = _Held(outline, revision, accounts, newest, self._monotonic() + _HELD_FOR_SECONDS)
        else:
            outline = _extended(connection, eyes, _mended(connection, held, changed), newest)
            held = replace(held, outline=outline, revision=revision, looked_to=newest)
        self._keep(eyes, held, forgotten)
        return held.outline

    def forget(self) -> None:
        """Hold nothing any more."""
        with self._guard:
            self._forgotten += 1
            self._held.clear()

    def _keep(self, eyes: Eyes, held: _Held, forgotten: int) -> None:
        with self._guard:
            if forgotten != self._forgotten:  # while it was read
                return
            self._held[eyes] = held
            self._held.move_to_end(eyes)
            together = sum(len(each.outline) for each in self._held.values())
            while len(self._held) > 1 and together > _MOST_HELD:
                _, dropped = self._held.popitem(last=False)
                together -= len(dropped.outline)


def _read(connection: Connection, eyes: Eyes) -> "Outline":
    from source.domain.recall.outline import Outline

    return Outline(_said(connection, _all_seen(Gaze.of(eyes), connection.dialect.name), values_of(eyes)))


def _mended(connection: Connection, held: _Held, changed: frozenset[int]) -> _Held:
    """Return what was held without what was deleted since."""
    there = [each for each in sorted(changed) if held.outline.has(each)]
    if not there:
        return held
    kept = _said(connection, _said_in(connection.dialect.name), {"numbers": json.dumps(there)})
    return replace(held, outline=held.outline.without(there).with_more(kept))


def _extended(connection: Connection, eyes: Eyes, held: _Held, newest: int) -> "Outline":
    """Return what was held with what was said since; whoever speaks somewhere sees all that was said there."""
    dialect = connection.dialect.name
    after = held.looked_to - _LATE_BY.get(dialect, 0)
    if newest <= after:
        return held.outline
    query = _seen_since(Gaze.of(eyes), dialect, is_few=newest - held.looked_to <= _FEW_NEW)
    more = _said(connection, query, {**values_of(eyes), "after": after})
    came = held.outline.conversations_besides(more.conversations)
    outline = held.outline.with_more(more)
    if not came:
        return outline
    return outline.with_more(_said(connection, _said_in(dialect), {"numbers": json.dumps(came)}))


def _said(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> "Said":
    import numpy as np

    from source.domain.recall.outline import Said

    numbers, conversations, days, speakers = map(gathered, connection.execute(query, values).one())
    names: dict[str, int] = {}
    codes = [names.setdefault(speaker, len(names)) for speaker in speakers]
    return Said(
        numbers=np.asarray(numbers, dtype=np.int64),
        conversations=np.asarray(conversations, dtype=np.int64),
        days=np.asarray(days, dtype=np.int32),
        speakers=np.asarray(codes, dtype=np.int32),
        names=tuple(names),
    )


def gathered(value: "str | list[Any] | None") -> list[Any]:
    """Return the values of a column that a statement gathered into one: SQLite as JSON, PostgreSQL as an array."""
    found: list[Any] = json.loads(value) if isinstance(value, str) else value or []
    return found


_NEWEST: Final = select(func.max(messages.c.seq))


@cache
def _accounts(gaze: Gaze) -> Select[Any]:
    return gaze.accounts()


@cache
def _all_seen(gaze: Gaze, dialect: str) -> Select[Any]:
    return _together(dialect).where(*gaze.limits(messages.c.conversation_id))


@cache
def _seen_since(gaze: Gaze, dialect: str, *, is_few: bool) -> Select[Any]:
    conversation_id = messages.c.conversation_id
    seen = gaze.sees(conversation_id) if is_few else gaze.limits(conversation_id)
    return _together(dialect).where(messages.c.seq > bindparam("after"), *seen)


@cache
def _said_in(dialect: str) -> Select[Any]:
    return _together(dialect).where(is_one_of(messages.c.conversation_id, dialect))


def _together(dialect: str) -> Select[Any]:
    """Select messages as one value for each column: a row for each takes several times as long."""
    if dialect == "postgresql":
        together: Any = func.array_agg  # which SQLAlchemy types apart from other functions
        day = func.floor(func.extract("epoch", messages.c.created_at) / 86_400) + _UNIX_DAY
    else:
        together = func.json_group_array
        day = func.julianday(messages.c.created_at, type_=Integer) - _JULIAN_DAY
    speaker = case(
        (messages.c.requester.is_(None), literal(ECHO)),
        else_=cast(threads.c.platform, String) + ":" + messages.c.requester,
    )
    columns = (messages.c.seq, messages.c.conversation_id, cast(day, Integer), speaker)
    return spoken(*map(together, columns))
