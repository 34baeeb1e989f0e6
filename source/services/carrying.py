"""Gathers what a new conversation is given of the person who begins it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.domain.token_estimate import TokenEstimator
from source.ports.store import Scope

log = structlog.get_logger(__name__)

# Somebody waits for a reply.
_DEADLINE: Final = timedelta(seconds=1)


class Carries(Protocol):
    """Knows something of a person that is worth having from the first message on."""

    async def carried(self, scope: Scope, opening: str, budget_bytes: int) -> str:
        """Return lines of at most that many bytes in all, the most useful first; empty: there is nothing to tell.

        `opening` is what the conversation begins with: the person's words or the topic, or empty. Only what the scope
        sees is told.
        """
        ...


@dataclass(frozen=True, slots=True)
class CarriedPart:
    """One source of what is carried, under the name by which logs know it, and how much of it at most."""

    name: str
    source: Carries
    budget_tokens: int


class Carrying:
    """Asks every part side by side; one that fails or is late is left out, for the conversation begins anyway."""

    def __init__(
        self, parts: Sequence[CarriedPart], estimator: TokenEstimator, *, model: str, deadline: timedelta = _DEADLINE
    ) -> None:
        self._parts = tuple(part for part in parts if part.budget_tokens > 0)
        self._estimator = estimator
        self._model = model
        self._deadline = deadline

    async def carried(self, scope: Scope, opening: str) -> list[str]:
        """Return what the parts tell, in their order."""
        return list(await asyncio.gather(*(self._part(part, scope, opening) for part in self._parts)))

    async def _part(self, part: CarriedPart, scope: Scope, opening: str) -> str:
        budget = self._estimator.bytes_for(self._model, part.budget_tokens)
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                return await part.source.carried(scope, opening, budget)
        except Exception as error:  # noqa: BLE001  # nothing that is known of a person is worth their not being answered
            log.warning("carried_part_left_out", part=part.name, reason=type(error).__name__)
            return ""
