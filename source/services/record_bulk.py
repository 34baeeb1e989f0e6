"""Writing many records at once: all or nothing, or each for itself."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from source.domain.errors import RefusedInputError
from source.ports.records import Refusal, Written

Prepared = TypeVar("Prepared")
Item = TypeVar("Item")
Writing = Callable[[list[Prepared]], Awaitable[Sequence[Written]]]


def invalid(error: RefusedInputError) -> Written:
    """Return what becomes of a record that cannot be written like that."""
    return Written(None, Refusal.INVALID, str(error))


def attempted(prepare: Callable[[Item], Prepared], items: Sequence[Item]) -> list[Prepared | Written]:
    """Prepare each item, or say why it is refused."""
    prepared: list[Prepared | Written] = []
    for item in items:
        try:
            prepared.append(prepare(item))
        except RefusedInputError as error:
            prepared.append(invalid(error))
    return prepared


async def written(prepared: Sequence[Prepared | Written], write: Writing[Prepared], *, partial: bool) -> list[Written]:
    """Write what was prepared, in order; when something was refused already, nothing unless `partial`."""
    accepted = [(number, each) for number, each in enumerate(prepared) if not isinstance(each, Written)]
    if len(accepted) < len(prepared) and not partial:
        return [each if isinstance(each, Written) else Written(None) for each in prepared]
    outcomes = {number: each for number, each in enumerate(prepared) if isinstance(each, Written)}
    if accepted:
        found = await write([each for _, each in accepted])
        outcomes |= dict(zip((number for number, _ in accepted), found, strict=True))
    return [outcomes[number] for number in range(len(prepared))]


def not_after(now: datetime, given: object) -> datetime:
    """Return the time that was given, or now: whatever the caller's clock shows, nothing was said later."""
    return min(given, now) if isinstance(given, datetime) else now
