"""Doing the same for many conversations at a time, each for itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import structlog

from source.domain.errors import ArchiveUnavailableError, EchoError, StoreUnavailableError

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 8

T = TypeVar("T")


@dataclass(slots=True)
class Outcomes(Generic[T]):
    """What came of each conversation; `failed` has a sentence for each that could not be."""

    done: dict[int, T] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)


async def each_for_itself(conversation_ids: Sequence[int], act: Callable[[int], Awaitable[T]]) -> Outcomes[T]:
    """Do it for every conversation, some at a time; what fails of one is noted and stops no other.

    Raises: StoreUnavailableError: nothing can be done at all now. ArchiveUnavailableError: nothing at all was done,
        and that is why.
    """
    outcomes: Outcomes[T] = Outcomes()
    waiting = list(reversed(conversation_ids))
    unreachable: list[ArchiveUnavailableError] = []  # in a row
    store_away: list[StoreUnavailableError] = []

    async def work() -> None:
        while waiting and not store_away:
            conversation_id = waiting.pop()
            if len(unreachable) >= _AT_ONCE:  # asking again for each would take its patience each time
                outcomes.failed[conversation_id] = str(unreachable[-1])
                continue
            try:
                outcomes.done[conversation_id] = await act(conversation_id)
                unreachable.clear()
            except StoreUnavailableError as error:
                store_away.append(error)
            except EchoError as error:
                log.warning("not_done", conversation_id=conversation_id, error=type(error).__name__, reason=str(error))
                outcomes.failed[conversation_id] = str(error) or type(error).__name__
                if isinstance(error, ArchiveUnavailableError):
                    unreachable.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(_AT_ONCE, len(waiting))):
            group.create_task(work())
    if store_away:
        raise store_away[0]
    if unreachable and not outcomes.done:
        raise unreachable[0]
    return outcomes
