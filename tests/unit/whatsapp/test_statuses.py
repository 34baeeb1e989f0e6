"""What Meta tells of sent messages, read tolerantly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.whatsapp.reading.statuses import statuses_in
from source.adapters.whatsapp.reading.values import key_of
from source.adapters.whatsapp.tracker import part_in, tracker_of
from source.domain.outcome import Outcome
from source.ports.sent import ReplyPart, Status
from tests.fakes.clock import FakeClock
from tests.fakes.graph_errors import problem
from tests.fakes.graph_people import Person
from tests.fakes.graph_sending import Sent
from tests.fakes.graph_statuses import status_item

NOW = FakeClock().now()
PART = ReplyPart(6821946150912064, 2, 3)
ADA = Person("Ada", phone="4915112345678", user_id="DE.1")
Json = dict[str, Any]


def _status(name: str, *, tracker: str = tracker_of(PART), code: int | None = None) -> Json:
    body = {"type": "text", "text": {"body": "Hi"}, "biz_opaque_callback_data": tracker}
    sent = Sent("wamid.1", ADA, "text", body, NOW, to_phone=True)
    return status_item(sent, name, NOW, problem(code) if code else None).value


def _read(*statuses: object) -> list[Status | str]:
    return list(statuses_in({"statuses": list(statuses)}))


@pytest.mark.parametrize("name", ["sent", "delivered", "read"])
def test_a_status_is_of_the_part_that_the_tracker_names(name: str) -> None:
    assert _read(_status(name)) == [Status(key_of("wamid.1"), Outcome(name), PART)]


def test_a_failure_says_why() -> None:
    assert _read(_status("failed", code=131047)) == [Status(key_of("wamid.1"), Outcome.FAILED, PART, 131047)]
    odd = _status("failed") | {"errors": [{"code": "131047"}, {}, {"code": 2**40}, None]}
    assert _read(odd) == [Status(key_of("wamid.1"), Outcome.FAILED, PART, None)]


def test_what_is_told_beside_statuses_is_counted_by_kind() -> None:
    odd = [_status("read") | {"status": "warning"}, {"id": "wamid.1"}, {"status": "read"}, _status("read") | {"id": 7}]
    assert _read(*odd, 5) == ["status_warning", "status_unknown", "status_read", "status_read"]
    assert list(statuses_in({"statuses": "none"})) == []


@pytest.mark.parametrize("tracker", ["", "turn-9", "0:0/1", "17:x/1", "17:0/1 ", "17:0/0", f"{'9' * 30}:0/1", "١٧:0/1"])
def test_a_tracker_of_somebody_else_names_no_part(tracker: str) -> None:
    assert part_in(tracker) is None


def test_a_tracker_without_a_count_is_of_the_last_part() -> None:
    assert part_in("17:2") == ReplyPart(17, 2, 3)


@given(st.integers(1, 10**18 - 1), st.integers(0, 999), st.integers(1, 9))
def test_a_tracker_comes_back_as_the_part_that_it_was_made_of(key: int, number: int, more: int) -> None:
    part = ReplyPart(key, number, number + more)
    assert part_in(tracker_of(part)) == part
