"""Who counts as a program on this machine."""

import pytest
from starlette.types import Scope

from source.adapters.web.local_callers import is_direct, is_loopback, refusal_of_page


def request(client: str | None = "127.0.0.1", **headers: str) -> Scope:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "scheme": "http", "client": (client, 1) if client else None, "headers": named}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST.", "::ffff:127.0.0.1"]
)
def test_these_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "127.0.0.1.nip.io", "::2"])
def test_these_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_only_whoever_is_connected_directly_is_local() -> None:
    assert is_direct(request())
    assert not is_direct(request("203.0.113.9"))
    assert not is_direct(request(None))
    for header in ("forwarded", "x_forwarded_for", "x_real_ip", "via"):
        assert not is_direct(request(**{header: "127.0.0.1"}))


def test_a_name_that_was_made_to_point_here_is_refused() -> None:
    assert refusal_of_page(request(host="localhost:8001")) is None
    assert refusal_of_page(request(host="[::1]:8001")) is None
    for host in ("evil.example:8001", "", "[", "127.0.0.1@evil.example"):
        assert refusal_of_page(request(host=host)) is not None


def test_a_page_is_refused_unless_it_is_echo_s_own() -> None:
    mine, other = "http://localhost:8001", "https://example.org"
    assert refusal_of_page(request(host="localhost:8001", origin=mine)) is None
    assert refusal_of_page(request(host="localhost:8001", origin=other)) is not None
    assert refusal_of_page(request(host="localhost:8001", origin="https://localhost:8001")) is not None
