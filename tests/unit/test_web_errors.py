"""Every error of Echo's has a status and a sentence of its own."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from source.adapters.web.error_statuses import ANSWERS, answer_to
from source.domain import errors
from source.domain.errors import EchoError, ModelUnavailableError, RefusedInputError, StoreConflictError

SECRET = "/var/lib/echo: SELECT * FROM messages"
TELLING = {RefusedInputError, StoreConflictError}


def tree(kind: type[EchoError]) -> Iterator[type[EchoError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from tree(below)


@pytest.mark.parametrize("kind", list(tree(EchoError)), ids=lambda kind: kind.__name__)
def test_every_error_has_an_answer_of_its_own(kind: type[EchoError]) -> None:
    assert kind in ANSWERS


@pytest.mark.parametrize("kind", [kind for kind in ANSWERS if kind not in TELLING])
def test_only_errors_that_are_meant_for_callers_are_quoted(kind: type[EchoError]) -> None:
    assert answer_to(kind(SECRET), has_condition=False).detail.endswith((".", "`", "`."))
    assert SECRET not in answer_to(kind(SECRET), has_condition=False).detail


@pytest.mark.parametrize("kind", sorted(TELLING, key=str))
def test_what_is_meant_for_callers_is_quoted(kind: type[EchoError]) -> None:
    assert answer_to(kind("Take another name."), has_condition=False).detail == "Take another name."


def test_a_conflict_is_a_failed_condition_for_whoever_named_one() -> None:
    conflict = StoreConflictError("Somebody was faster.")
    assert answer_to(conflict, has_condition=False).status == 409
    assert answer_to(conflict, has_condition=True).status == 412
    assert answer_to(RefusedInputError("No."), has_condition=True).status == 422


def test_what_may_work_later_says_when() -> None:
    for kind, answer in ANSWERS.items():
        if answer.status == 503 and kind is not errors.SettingsError:
            assert answer.retry_after, kind
    named = ModelUnavailableError("busy", retry_after=timedelta(seconds=7.4))
    assert answer_to(named, has_condition=False).retry_after == 7


def test_an_error_nobody_knows_is_answered_as_its_kind() -> None:
    class NewError(errors.StoreUnavailableError):
        pass

    assert answer_to(NewError("x"), has_condition=False).status == 503
