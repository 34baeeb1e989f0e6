"""What is said of writes of records: of one by its status, of many by a list."""

from collections.abc import Sequence
from typing import Final, NoReturn

from pydantic import BaseModel, Field

from source.adapters.web.pages import Shown
from source.adapters.web.problems import Problem
from source.domain.record_field import Kind
from source.domain.records import Collection
from source.ports.records import Refusal, Written

_STATUSES: Final = {Refusal.MISSING: 404, Refusal.CONFLICT: 409, Refusal.INVALID: 422}
_NOTHING_WRITTEN: Final = "Nothing was written: {} of {} were refused; `errors` says which. With `partial` the rest is."


class BulkResult(Shown):
    """What became of one record of a bulk."""

    id: str | int | None = Field(description="Its id, if it was written.", examples=["6821946150912032"])
    status: int = Field(description="The status that it would have had alone.", examples=[200])
    problem: str | None = Field(description="Why it was refused.", examples=["There is no session 7."])


class BulkAnswer(Shown):
    """What became of a bulk, in the order in which it was asked for."""

    succeeded: int = Field(examples=[2])
    failed: int = Field(examples=[0])
    results: list[BulkResult]


def key_of(written: Written, *, expects_version: bool = False) -> int:
    """Return the key of what was written.

    Raises: Problem: it was refused.
    """
    if written.key is None:
        refuse(written, expects_version=expects_version)
    return written.key


def refuse(written: Written, *, expects_version: bool) -> NoReturn:
    """Raise the problem that a refusal is; a conflict with a condition is one of versions."""
    status = _status(written)
    raise Problem(412 if status == 409 and expects_version else status, written.sentence)


def bulk_answer(collection: Collection, outcomes: Sequence[Written], status: int, *, partial: bool) -> BaseModel:
    """Say what became of each.

    Raises: Problem: nothing was written, because of some.
    """
    refused = [number for number, outcome in enumerate(outcomes) if outcome.refusal is not None]
    # What is of a wrong shape refuses the whole request.
    is_misshapen = any(outcome.refusal is Refusal.INVALID for outcome in outcomes)
    if refused and (not partial or (is_misshapen and not any(outcome.key for outcome in outcomes))):
        errors = [{"location": f"records.{number}", "problem": outcomes[number].sentence} for number in refused]
        worst = max(_status(outcomes[number]) for number in refused)
        raise Problem(worst, _NOTHING_WRITTEN.format(len(refused), len(outcomes)), errors=errors)
    shows_text = collection.fields[collection.key].kind is Kind.KEY
    results = [
        BulkResult(
            id=str(outcome.key) if shows_text and outcome.key is not None else outcome.key,
            status=_status(outcome) if outcome.refusal is not None else status,
            problem=outcome.sentence or None,
        )
        for outcome in outcomes
    ]
    return BulkAnswer(succeeded=len(outcomes) - len(refused), failed=len(refused), results=results)


def _status(written: Written) -> int:
    return _STATUSES[written.refusal] if written.refusal is not None else 500
