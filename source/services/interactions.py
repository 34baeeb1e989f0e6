"""Counting anew what is counted of people, at once or as a task."""

from collections.abc import Sequence
from typing import Final

from source.domain.task import Json, Lane
from source.ports.interactions import InteractionCounting, Recounted
from source.services.task_input import refuse_unknown_keys
from source.services.task_results import joined, summed

# In one transaction, which other writes wait for.
_AT_ONCE: Final = 100
_A_PIECE: Final = 2_000
_COUNTS: Final = ("checked", "corrected")


async def recounted(counting: InteractionCounting, *, after: int = 0, to: int | None = None) -> Recounted:
    """Count everything between two ids anew; return what came of all of it."""
    done, last = Recounted(0, 0, None), after
    while (step := await counting.recount(after=last, to=to, limit=_AT_ONCE)).last is not None:
        last = step.last
        done = Recounted(done.checked + step.checked, done.corrected + step.corrected, last)
    return done


class RecountInteractions:
    """Has what is counted of people be what was said; where it is, nothing is written."""

    lane = Lane.ANYWHERE

    def __init__(self, counting: InteractionCounting) -> None:
        self._counting = counting

    def checked(self, given: Json) -> Json:
        refuse_unknown_keys(given, ())
        return {}

    async def plan(self, given: Json) -> Sequence[Json]:  # noqa: ARG002  (there is nothing to say)
        starts = await self._counting.steps(of=_A_PIECE)
        return [{"after": after, "to": to} for after, to in zip(starts, [*starts[1:], None], strict=True)]

    async def perform(self, piece: Json) -> Json:
        after, to = piece["after"], piece["to"]
        if not isinstance(after, int) or not isinstance(to, int | None):
            raise TypeError("a piece of the count lies between two ids")
        done = await recounted(self._counting, after=after, to=to)
        return {"checked": done.checked, "corrected": done.corrected}

    def report(self, results: Sequence[Json]) -> Json:
        not_done = joined([{"errors": [each["error"]]} for each in results if "error" in each], "errors")
        return {**summed(results, *_COUNTS), "not_done": not_done}
