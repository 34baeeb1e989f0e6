"""Makes the vectors of what was said, beside everything else."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, Literal

import structlog

from source.domain.errors import (
    ContextTooLongError,
    EchoError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    StoreError,
)
from source.ports.clock import Clock
from source.ports.embeddings import Embedded, EmbeddingModel, EmbeddingStore, Unembedded
from source.services.pauses import pause_after

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]
"""Told how many messages have a vector, and how many there are."""

_AT_ONCE: Final = 64
# So many messages are looked through by one read of the store.
_STRETCH: Final = 20_000
_LOOK_EVERY: Final = timedelta(seconds=15)
# What was edited is somewhere among all messages, and looking through a million takes seconds.
_LOOK_AT_ALL_EVERY: Final = timedelta(minutes=10)
# Whoever refuses this refuses everything.
_HARMLESS: Final = "Hello"


class EmbeddingFiller:
    """Embeds messages that have no vector of its model: what is new first, then from the newest to the oldest.

    What it has done is in the store: after a restart it goes on. A text that the server refuses for its own sake is
    passed over.
    """

    def __init__(self, model: EmbeddingModel, store: EmbeddingStore, clock: Clock) -> None:
        self._model = model
        self._store = store
        self._clock = clock
        # Stretches of the order of commits, (after, up to), that are still to be looked through, the last one first.
        self._stretches: list[tuple[int, int]] = []
        self._newest = 0
        self._revision: int | None = None
        self._looked_at_all = 0.0
        self._size = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, with pauses while there is nothing to do or the server is away."""
        stopping = asyncio.ensure_future(stop.wait())
        failures = 0
        try:
            while not stop.is_set():
                try:
                    pause = _LOOK_EVERY if await self._step() is None else timedelta(0)
                except (ModelError, StoreError) as error:
                    failures += 1
                    pause = _pause_after(error, failures)
                    _note_failure(self._model.name, error, failures, pause)
                else:
                    failures = 0
                await self._pause(pause, stopping)
        finally:
            stopping.cancel()

    async def fill(self, told: Progress) -> int:
        """Embed all that has no vector; return how many got one.

        Raises: ModelError, StoreError: what was done is kept.
        """
        done = 0
        told(*await self._store.counts(self._model.name))
        while (kept := await self._step()) is not None:
            done += kept
            if kept:
                told(*await self._store.counts(self._model.name))
        return done

    async def _pause(self, pause: timedelta, stopping: "asyncio.Task[Literal[True]]") -> None:
        if not pause:
            return
        sleeping = asyncio.ensure_future(self._clock.sleep(pause.total_seconds()))
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        sleeping.cancel()

    async def _step(self) -> int | None:
        """Embed the next messages; return how many now have a vector, None when all have one."""
        await self._look()
        if not self._stretches:
            return None
        after, up_to = self._stretches[-1]
        begin = max(after, up_to - _STRETCH)
        found = await self._store.unembedded(self._model.name, after=begin, up_to=up_to, limit=_AT_ONCE)
        kept = await self._kept(found) if found else 0
        rest = found[-1].seq - 1 if len(found) == _AT_ONCE else begin
        self._stretches[-1:] = [(after, rest)] if rest > after else []
        return kept

    async def _look(self) -> None:
        """Note what there is to look through: everything at first and after edits, else what is new."""
        extents = await self._store.extents()
        now = self._clock.monotonic()
        waited = now - self._looked_at_all >= _LOOK_AT_ALL_EVERY.total_seconds()
        if self._revision is None or (waited and not self._stretches and extents.revision != self._revision):
            self._stretches = [(0, extents.newest)]
            self._revision = extents.revision
            self._looked_at_all = now
        elif extents.newest > self._newest:
            self._stretches.append((self._newest, extents.newest))
        self._newest = extents.newest

    async def _kept(self, found: Sequence[Unembedded]) -> int:
        embedded = await self._embedded(found)
        if not embedded:
            return 0
        size = len(embedded[0].vector)
        if size != self._size:
            await self._forget_other_sizes(size)
        return await self._store.keep(self._model.name, embedded)

    async def _forget_other_sizes(self, size: int) -> None:
        """Of one model vectors of several sizes cannot be compared: the ones before are made anew."""
        gone = await self._store.forget_other_sizes(self._model.name, size)
        if gone:
            log.warning("embeddings_of_another_size", model=self._model.name, messages=gone)
            self._stretches.insert(0, (0, self._newest))
        self._size = size

    async def _embedded(self, found: Sequence[Unembedded]) -> list[Embedded]:
        """Return vectors of as many as the server takes.

        Raises: ModelError: it takes nothing now.
        """
        try:
            vectors = await self._model.embed([each.text for each in found])
        except (ModelRefusedError, ContextTooLongError):
            await self._model.embed([_HARMLESS])
        else:
            return [Embedded(each.seq, each.text, vector) for each, vector in zip(found, vectors, strict=True)]
        if len(found) == 1:
            log.warning("message_not_embedded", model=self._model.name, seq=found[0].seq)
            return []
        middle = len(found) // 2
        return [*await self._embedded(found[:middle]), *await self._embedded(found[middle:])]


def _pause_after(error: EchoError, failures: int) -> timedelta:
    asked = error.retry_after if isinstance(error, ModelUnavailableError) else None
    return max(pause_after(failures), asked or timedelta(0))


def _note_failure(model: str, error: EchoError, failures: int, pause: timedelta) -> None:
    """An outage is a warning once."""
    write = log.warning if failures == 1 else log.info
    reason = str(error) if isinstance(error, ModelError) else None
    write(
        "embeddings_wait", model=model, error=type(error).__name__, reason=reason, pause_seconds=pause.total_seconds()
    )
