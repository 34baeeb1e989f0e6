"""Which turns mean much the same as a question, whatever their words."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from source.domain.errors import ModelError
from source.ports.clock import Clock
from source.ports.embeddings import EmbeddingModel, StoredVector, VectorStore
from source.ports.recall import Eyes
from source.services.keyed_locks import KeyedLocks

if TYPE_CHECKING:  # numpy takes a tenth of a second to import: whoever never asks does not wait for it
    from source.domain.recall.index import SaidIndex
    from source.domain.recall.vectors import Likeness, Rows

log = structlog.get_logger(__name__)

# A search is worth more soon without meaning than late with it.
DEADLINE: Final = timedelta(seconds=1.5)
_AFTER_FAILURE: Final = timedelta(seconds=30)
_MOST_QUERIES: Final = 256
MOST_HELD_BYTES: Final = 64_000_000


@dataclass(slots=True)
class _Held:
    """The vectors of a history, a row of `rows` for each, and in which row those of an index are."""

    revision: int
    written: int = -1
    row_of: dict[tuple[int, int], int] = field(default_factory=dict)
    rows: "Rows | None" = None
    index: "SaidIndex | None" = None
    places: Sequence[int] = ()
    row_numbers: Sequence[int] = ()

    @property
    def size(self) -> int:
        return 0 if self.rows is None else self.rows.size_bytes


class Meaning:
    """Compares questions with turns; holds the vectors of histories that were asked for lately, up to a size.

    While the model is away there is no likeness, and searches go by words alone.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        store: VectorStore,
        clock: Clock,
        *,
        deadline: timedelta = DEADLINE,
        most_held_bytes: int = MOST_HELD_BYTES,
    ) -> None:
        self._model = model
        self._store = store
        self._clock = clock
        self._deadline = deadline
        self._most_held_bytes = most_held_bytes
        self._queries: OrderedDict[str, bytes] = OrderedDict()
        self._held: OrderedDict[Eyes, _Held] = OrderedDict()
        self._locks = KeyedLocks()
        self._away_until: float | None = None

    async def of_history(self, query: str, eyes: Eyes, revision: int, index: "SaidIndex") -> "Likeness | None":
        """Return how like the question the turns of a whole history are; None: that is not known.

        Raises: StoreError.
        """
        vector = await self._vector(query)
        if vector is None:
            return None
        async with self._locks.hold(repr(eyes)):
            held = await self._up_to_date(eyes, revision, len(vector))
            return await asyncio.to_thread(_compared, held, index, vector)

    async def of_some(self, query: str, eyes: Eyes, index: "SaidIndex") -> "Likeness | None":
        """Return how like the question a few turns of a long history are; None: that is not known.

        Raises: StoreError.
        """
        vector = await self._vector(query)
        if vector is None:
            return None
        found = await self._store.vectors_of(self._model.name, [turn.key for turn in index.turns], eyes)
        return await asyncio.to_thread(_compared, _added(_Held(0), found, len(vector)), index, vector)

    @property
    def held_bytes(self) -> int:
        """How much memory the vectors that are held take."""
        return sum(each.size for each in self._held.values())

    def forget(self) -> None:
        """Hold nothing any more: neither vectors nor what was asked."""
        self._held.clear()
        self._queries.clear()

    async def _vector(self, query: str) -> bytes | None:
        known = self._queries.get(query)
        if known is not None:
            self._queries.move_to_end(query)
            return known
        now = self._clock.monotonic()
        if self._away_until is not None and now < self._away_until:
            return None
        try:
            await self._model.prepare()  # which takes a second, once
            async with asyncio.timeout(self._deadline.total_seconds()):
                (vector,) = await self._model.embed([query])
        except (ModelError, TimeoutError) as error:
            self._note_away(error, now)
            return None
        self._away_until = None
        self._queries[query] = vector
        if len(self._queries) > _MOST_QUERIES:
            self._queries.popitem(last=False)
        return vector

    def _note_away(self, error: Exception, now: float) -> None:
        """An outage is told once; until it may be over, nobody waits for it."""
        if self._away_until is None:
            reason = str(error) if isinstance(error, ModelError) else "it took too long"
            log.warning("recall_by_words_alone", model=self._model.name, error=type(error).__name__, reason=reason)
        self._away_until = now + _AFTER_FAILURE.total_seconds()

    async def _up_to_date(self, eyes: Eyes, revision: int, size: int) -> _Held:
        held = self._held.get(eyes)
        if held is None or held.revision != revision or (held.rows is not None and held.rows.vector_bytes != size):
            held = _Held(revision)
        written = await self._store.newest_write()
        if written != held.written:
            found = await self._store.vectors(self._model.name, eyes, after=held.written)
            held = await asyncio.to_thread(_added, held, found, size)
            held.written = written
        self._keep(eyes, held)
        return held

    def _keep(self, eyes: Eyes, held: _Held) -> None:
        self._held[eyes] = held
        self._held.move_to_end(eyes)
        together = self.held_bytes
        while together > self._most_held_bytes:
            _, dropped = self._held.popitem(last=False)
            together -= dropped.size


def _added(held: _Held, found: Sequence[StoredVector], size: int) -> _Held:
    """Return the vectors together with new ones of the same size."""
    from source.domain.recall.vectors import rows_of

    fitting = {each.key: each.vector for each in found if len(each.vector) == size}
    if not fitting:
        return held
    rows = rows_of(list(fitting.values()), size)
    count = 0 if held.rows is None else len(held.rows)
    row_of = held.row_of | {key: count + at for at, key in enumerate(fitting)}
    return _Held(held.revision, held.written, row_of, rows if held.rows is None else held.rows.with_more(rows))


def _compared(held: _Held, index: "SaidIndex", vector: bytes) -> "Likeness | None":
    import numpy as np

    from source.domain.recall.vectors import likeness, products

    if held.rows is None:
        return None
    if held.index is not index:
        found = [(place, held.row_of.get(turn.key, -1)) for place, turn in enumerate(index.turns)]
        held.places = [place for place, row in found if row >= 0]
        held.row_numbers = [row for _, row in found if row >= 0]
        held.index = index
    common = products(held.rows, vector)[np.asarray(held.row_numbers, dtype=np.intp)]
    return likeness(len(index), np.asarray(held.places, dtype=np.intp), common)
