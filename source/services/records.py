"""Lists, and what programs do with the records in them: one way for sessions, messages and user summaries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial as given
from typing import Final, Protocol

from source.domain.errors import RefusedInputError
from source.domain.filter_parsing import parse_filter
from source.domain.filters import Record
from source.domain.placeholders import changed_in
from source.domain.record_cursor import cursor_after, position_of
from source.domain.record_field import nearest
from source.domain.record_values import values_to_change, values_to_create
from source.domain.records import COLLECTIONS, MESSAGES, SESSIONS, USER_SUMMARIES, Collection
from source.ports.clock import Clock
from source.ports.records import RecordQuery, RecordReading, RecordStore, Written
from source.ports.store import ConversationStore
from source.services.conversation_manager import InMemoryConversationManager
from source.services.record_bulk import attempted, written
from source.services.record_messages import MessageKeeping
from source.services.record_sessions import Deletion, SessionKeeping
from source.services.record_summaries import SummaryKeeping
from source.services.scrubbing import AS_IT_IS
from source.services.scrubbing import Keeping as TextKeeping

MOST_IN_A_PAGE: Final = 500
MOST_IN_BULK: Final = 500
_FREE: Final = frozenset({"title", "summary", "context", "preferences", "tags", "intent"})
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records in order; `next` is what to ask for with `after` to get those that follow, None: there are none."""

    records: tuple[Record, ...]
    next: str | None


class RecordLists:
    """Reads records by filters as MongoDB has them (docs/filters.md).

    Raises: RefusedInputError: a name, a filter, an order or a number is wrong. StoreError.
    """

    def __init__(self, records: RecordReading) -> None:
        self._records = records

    async def list(
        self,
        collection: str,
        *,
        filter: object = None,  # noqa: A002  # the seeds' word
        order_by: Sequence[str] = (),
        limit: int = 50,
        offset: int = 0,
        after: str | None = None,
    ) -> RecordPage:
        """Return the records that match, in this order: `-start_time` is the latest first."""
        known = collection_named(collection)
        order = known.order_of(order_by)
        if not 1 <= limit <= MOST_IN_A_PAGE or offset < 0:
            raise RefusedInputError(f"limit: 1 to {MOST_IN_A_PAGE} is expected, and an offset that is not negative.")
        position = position_of(after, order) if after is not None else None
        where = parse_filter(filter, known.fields)
        found = await self._records.find(RecordQuery(known, order, where, limit + 1, offset, position))
        page = tuple(found[:limit])
        return RecordPage(page, cursor_after(page[-1], order) if len(found) > limit else None)

    async def count(self, collection: str, *, filter: object = None) -> int:  # noqa: A002  # the seeds' word
        """Return how many records match."""
        known = collection_named(collection)
        return await self._records.count(known, parse_filter(filter, known.fields))

    async def read(self, collection: str, key: int) -> Record | None:
        """Return a record; None when there is none."""
        return (await self.read_all(collection, [key])).get(key)

    async def read_all(self, collection: str, keys: Sequence[int]) -> dict[int, Record]:
        """Return the records of these keys; one that is not there is left out."""
        return await self._records.read(collection_named(collection), keys)

    async def keys(self, collection: str, *, filter: object) -> Sequence[int]:  # noqa: A002  # the seeds' word
        """Return the keys of the records that match, for a bulk.

        Raises: RefusedInputError: they are too many.
        """
        known = collection_named(collection)
        found = await self._records.keys(known, parse_filter(filter, known.fields), limit=MOST_IN_BULK + 1)
        if len(found) > MOST_IN_BULK:
            raise RefusedInputError(f"filter: it matches more than {MOST_IN_BULK} records; take fewer at a time.")
        return found


class Keeping(Protocol):
    """Writes records of one collection; values are checked already."""

    async def create(self, items: Sequence[Values], *, partial: bool) -> Sequence[Written]: ...

    async def change(
        self, keys: Sequence[int], changes: Values, *, partial: bool, version: int | None = None
    ) -> Sequence[Written]: ...

    async def delete(self, keys: Sequence[int], *, partial: bool, version: int | None = None) -> Sequence[Written]: ...


@dataclass(frozen=True, slots=True)
class RecordParts:
    """What records are read from and written with."""

    records: RecordStore
    store: ConversationStore
    manager: InMemoryConversationManager
    deletion: Deletion
    clock: Clock
    scrubbing: TextKeeping = AS_IT_IS


class RecordService(RecordLists):
    """Reads and writes records; of every write is said what became of it, and all are written or, without
    `partial`, none.

    Raises: RefusedInputError: a value is wrong; nothing was written. StoreError.
    """

    def __init__(self, parts: RecordParts) -> None:
        super().__init__(parts.records)
        self._scrubbing = parts.scrubbing
        self._summaries = SummaryKeeping(parts.records, parts.manager.ids, parts.clock)
        self._keeping: Mapping[str, Keeping] = {
            SESSIONS.name: SessionKeeping(parts.records, parts.store, parts.manager, parts.deletion, parts.clock),
            MESSAGES.name: MessageKeeping(
                parts.records, parts.store, parts.manager, parts.clock, keeping=parts.scrubbing
            ),
            USER_SUMMARIES.name: self._summaries,
        }

    async def create(self, collection: str, items: Sequence[object], *, partial: bool = False) -> Sequence[Written]:
        """Make records of these values; when one is of a wrong shape nothing is written, `partial` or not."""
        known = collection_named(collection)
        _ensure_bounded(items)
        values = attempted(lambda item: self._kept(values_to_create(known, item)), items)
        create = self._keeping[known.name].create
        return await written(values, given(create, partial=partial), partial=False)

    async def change(
        self,
        collection: str,
        keys: Sequence[int],
        changes: object,
        *,
        partial: bool = False,
        version: int | None = None,
    ) -> Sequence[Written]:
        """Change records alike, each at most once; with `version` only one that is at it."""
        known = collection_named(collection)
        _ensure_bounded(keys)
        values = self._kept(values_to_change(known, changes))
        return await self._keeping[known.name].change(_each_once(keys), values, partial=partial, version=version)

    async def delete(
        self, collection: str, keys: Sequence[int], *, partial: bool = False, version: int | None = None
    ) -> Sequence[Written]:
        """Delete records, each at most once."""
        known = collection_named(collection)
        _ensure_bounded(keys)
        return await self._keeping[known.name].delete(_each_once(keys), partial=partial, version=version)

    async def recount(self, keys: Sequence[int]) -> Sequence[Written]:
        """Count anew what user summaries say."""
        _ensure_bounded(keys)
        return await self._summaries.change(_each_once(keys), {}, partial=True)

    def _kept(self, values: Values) -> Values:
        """Return the values as they are to be kept: what people are known by, and when, is no free text."""
        keep = self._scrubbing.text
        return {name: changed_in(value, keep) if name in _FREE else value for name, value in values.items()}


def collection_named(name: str) -> Collection:
    """Return the collection of this name.

    Raises: RefusedInputError: there is none.
    """
    known = COLLECTIONS.get(name)
    if known is None:
        raise RefusedInputError(f"There is no collection {name!r}; {nearest(name, list(COLLECTIONS))}")
    return known


def _ensure_bounded(items: Sequence[object]) -> None:
    if len(items) > MOST_IN_BULK:
        raise RefusedInputError(f"records: at most {MOST_IN_BULK} at a time.")


def _each_once(keys: Sequence[int]) -> Sequence[int]:
    return tuple(dict.fromkeys(keys))
