"""Versions in headers."""

import pytest
from fastapi import Request

from source.adapters.web.problems import Problem
from source.adapters.web.versions import ensure_version, etag_of, expected_version, not_modified


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": named})


def test_a_version_is_read_back_from_its_etag() -> None:
    assert expected_version(request(if_match=etag_of(7))) == 7
    assert expected_version(request(if_match=f"W/{etag_of(7)}")) == 7


def test_without_a_condition_any_version_will_do() -> None:
    assert expected_version(request()) is None
    assert expected_version(request(if_match=" * ")) is None


@pytest.mark.parametrize("given", ["7", '"seven"', '"7", "8"', '"-1"', '"7', '"9999999999999999"', ""])
def test_what_is_no_etag_of_echo_s_is_refused(given: str) -> None:
    with pytest.raises(Problem) as refused:
        expected_version(request(if_match=given))
    assert refused.value.status_code == 400


def test_another_version_than_the_expected_one_is_refused() -> None:
    ensure_version(7, 7)
    ensure_version(7, None)
    with pytest.raises(Problem) as refused:
        ensure_version(8, 7)
    assert refused.value.status_code == 412


def test_who_has_the_version_already_gets_no_second_copy() -> None:
    for known in ('"7"', 'W/"7"', '"1", "7"', "*"):
        answer = not_modified(request(if_none_match=known), etag_of(7))
        assert answer is not None
        assert (answer.status_code, answer.headers["ETag"]) == (304, '"7"')
    assert not_modified(request(if_none_match='"8"'), etag_of(7)) is None
    assert not_modified(request(), etag_of(7)) is None
