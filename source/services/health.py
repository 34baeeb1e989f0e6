"""Looks at the parts of a running Echo."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from source.domain.errors import ArchiveError, EchoError, ModelError
from source.ports.clock import Clock
from source.ports.health import HealthPart, PartHealth, PartStatus
from source.ports.llm import LanguageModel, ModelEvent, Prompt

log = structlog.get_logger(__name__)

STORE: Final = "store"
_PATIENCE: Final = timedelta(seconds=2)
_SILENT: Final = PartHealth(PartStatus.DOWN, f"It does not answer within {_PATIENCE.seconds} seconds.")
_ASKED_EVERY: Final = timedelta(minutes=1)
_NOT_ANSWERED: Final = PartHealth(
    PartStatus.DEGRADED, "The archive storage does not answer: archiving waits; the log says why."
)
_NO_CALLS_YET: Final = PartHealth(PartStatus.OK, "It has not been asked yet.")


@dataclass(frozen=True, slots=True)
class Health:
    """How all parts are, by name."""

    parts: Mapping[str, PartHealth]

    @property
    def is_ok(self) -> bool:
        return all(part.status in {PartStatus.OK, PartStatus.OFF} for part in self.parts.values())

    @property
    def is_down(self) -> bool:
        """Whether the store is gone, without which nothing works."""
        store = self.parts.get(STORE)
        return store is not None and store.status is PartStatus.DOWN


async def look_at(parts: Mapping[str, HealthPart]) -> Health:
    """Look at all parts at once."""
    found = await asyncio.gather(*(_seen(name, part) for name, part in parts.items()))
    return Health(dict(zip(parts, found, strict=True)))


def store_part(read: Callable[[], Awaitable[object]]) -> HealthPart:
    """Return a part that is well when something can be read from it now."""

    async def look() -> PartHealth:
        await read()
        return PartHealth(PartStatus.OK, "It can be read.")

    return look


def archive_part(check: Callable[[], Awaitable[None]], clock: Clock) -> HealthPart:
    """Return a part that is well when the archive storage answered, which is asked now and then: it may be far away."""
    asked_at: datetime | None = None
    found = _NOT_ANSWERED

    async def look() -> PartHealth:
        nonlocal asked_at, found
        now = clock.now()
        if asked_at is None or now - asked_at >= _ASKED_EVERY:
            asked_at, found = now, _NOT_ANSWERED  # stays so when it takes longer than anybody waits
            try:
                await check()
                found = PartHealth(PartStatus.OK, "It answers.")
            except ArchiveError as error:
                log.warning("archive_storage_is_away", error=type(error).__name__, reason=str(error))
        return found

    return look


async def _seen(name: str, part: HealthPart) -> PartHealth:
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            return await part()
    except TimeoutError:
        return _SILENT
    except EchoError as error:
        log.warning("part_is_down", part=name, error=type(error).__name__, reason=str(error))
        return PartHealth(PartStatus.DOWN, f"It fails ({type(error).__name__}); the log says why.")


class WatchedModel:
    """A language model that remembers how its last call went: asking it for its health costs nothing."""

    def __init__(self, model: LanguageModel, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._failed: ModelError | None = None
        self._at: datetime | None = None

    @property
    def name(self) -> str:
        return self._model.name

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent]:
        try:
            async with aclosing(self._model.stream(prompt)) as events:
                async for event in events:
                    yield event
            self._failed = None
        except ModelError as error:
            self._failed = error
            raise
        finally:
            self._at = self._clock.now()

    async def close(self) -> None:
        await self._model.close()

    async def health(self) -> PartHealth:
        """Return how the last call went."""
        if self._at is None:
            return _NO_CALLS_YET
        when = self._at.isoformat(timespec="seconds")
        if self._failed is None:
            return PartHealth(PartStatus.OK, f"It last answered at {when}.")
        return PartHealth(PartStatus.DEGRADED, f"Its last call, at {when}, failed ({type(self._failed).__name__}).")
