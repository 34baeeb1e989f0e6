"""How much one caller may ask for, and from where, over a real port."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import APIRouter, Request

from source.adapters.web.access import Scope, requires
from tests.fakes.web_api import ANY_PORT, StoreApi, store_api

PAGE = "https://example.org"
LIMITED = replace(ANY_PORT, requests_per_minute=3, max_body_bytes=1_000, allowed_origins=(PAGE,))


def routers() -> Sequence[APIRouter]:
    router = APIRouter(dependencies=[requires(Scope.READ)])

    @router.post("/count")
    async def count(request: Request) -> int:
        return len(await request.body())

    @router.post("/ignore")
    async def ignore() -> None:
        """Read nothing of the body."""

    return [router]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[StoreApi]:
    async with serving(tmp_path) as api:
        yield api


def serving(folder: Path) -> AbstractAsyncContextManager[StoreApi]:
    return store_api(f"sqlite:///{folder / 'echo.db'}", folder, routers, web=LIMITED)


async def test_a_key_that_asks_too_often_is_told_when_to_go_on(api: StoreApi) -> None:
    key, other = await api.make_key(name="one"), await api.make_key(name="other")
    answered = [await api.post("/count", key=key) for _ in range(4)]
    assert [each.status for each in answered] == [200, 200, 200, 429]
    assert answered[0].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert [each.headers["RateLimit"] for each in answered[:2]] == ['"minute";r=2;t=20', '"minute";r=1;t=40']
    assert (answered[3].headers["RateLimit"], answered[3].headers["Retry-After"]) == ('"minute";r=0;t=20', "20")
    assert answered[3].headers["Content-Type"] == "application/problem+json"
    assert (await api.post("/count", key=other)).status == 200
    api.clock.advance(seconds=20)
    assert (await api.post("/count", key=key)).status == 200


async def test_who_guesses_keys_is_limited_by_address(api: StoreApi) -> None:
    await api.make_key()
    assert [(await api.post("/count", key=f"echo_{guess}")).status for guess in range(4)] == [401, 401, 401, 429]


async def test_this_machine_s_own_programs_are_not_limited(api: StoreApi) -> None:
    assert {(await api.post("/count")).status for _ in range(10)} == {200}


async def test_a_body_that_is_too_large_is_refused_however_it_comes(api: StoreApi) -> None:
    assert (await api.post("/count", content=b"x" * 1_000)).json == 1_000
    for length in (1_001, 1_000_000):
        announced = await api.post("/count", content=b"x" * length)
        assert (announced.status, announced.headers["Content-Type"]) == (413, "application/problem+json")

    assert (await api.post("/ignore", content=b"x" * 1_001)).status == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    for headers in ({}, {"Idempotency-Key": "a"}):
        async with api.session.post(f"{api.url}/count", data=pieces(), headers=headers) as streamed:
            assert streamed.status == 413


async def test_a_page_that_may_call_can_read_answers_and_refusals(api: StoreApi) -> None:
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    allowed = await api.call("OPTIONS", "/count", headers={"Origin": PAGE, **preflight})
    assert (allowed.status, allowed.headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    key = await api.make_key()
    assert (await api.post("/count", headers={"Origin": PAGE}, key=key)).status == 200
    refused = await api.post("/count", headers={"Origin": PAGE})
    assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, PAGE)
    assert "X-Request-ID" in refused.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in refused.headers


async def test_without_a_key_no_page_may_call_not_even_one_that_is_named(api: StoreApi) -> None:
    assert (await api.post("/count", headers={"Origin": PAGE})).status == 401
    assert (await api.post("/count")).status == 200


async def test_a_page_that_may_not_call_is_told_nothing(api: StoreApi) -> None:
    answered = await api.post("/count", headers={"Origin": "https://evil.example"})
    assert answered.status == 401
    assert "Access-Control-Allow-Origin" not in answered.headers
