"""Writes that are repeated under an Idempotency-Key, over a real port."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from source.adapters.web.access import Scope, requires
from source.adapters.web.idempotency import task_key_of
from source.adapters.web.problems import Problem
from tests.fakes.databases import database_of
from tests.fakes.web_api import Answered, ServedApi, StoreApi, frame_on, served, store_api


class Work:
    """A path whose effects are counted, and which can be made to wait or fail."""

    def __init__(self) -> None:
        self.done = 0
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.failing: list[Exception] = []
        self.task_keys: list[str | None] = []

    def routers(self) -> list[APIRouter]:
        router = APIRouter(dependencies=[requires(Scope.WRITE)])

        @router.api_route("/work", methods=["POST", "PUT", "GET"], status_code=202)
        async def work(request: Request) -> Response:
            body = await request.body()
            self.task_keys.append(task_key_of(request))
            self.began.set()
            await self.may_end.wait()
            if self.failing:
                raise self.failing.pop()
            self.done += 1
            return Response(b"done %d: %s" % (self.done, body), 202, headers={"ETag": f'"{self.done}"'})

        @router.post("/said", status_code=201)
        async def said(response: Response) -> dict[str, object]:
            self.done += 1
            response.headers["Location"] = "/said/1"
            return {
                "id": 7,
                "session_id": "6821946150912032",
                "user_id": "+4915112345678",
                "content": "my secret",
                "context": {"pin": 4711, "customer_id": 5},
                "created": [{"id": 8, "content": "my secret"}],
            }

        @router.post("/file")
        async def file() -> Response:
            return Response("my secret", headers={"Content-Disposition": "attachment; filename=secret.md"})

        @router.post("/stream")
        async def stream() -> StreamingResponse:
            self.done += 1

            async def events() -> AsyncIterator[bytes]:
                for _ in range(3):
                    yield b"data: x\n\n"

            return StreamingResponse(events(), media_type="text/event-stream")

        return [router]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def api(database: str, tmp_path: Path, work: Work) -> AsyncIterator[StoreApi]:
    async with store_api(database, tmp_path, work.routers) as api:
        yield api


async def ask(
    api: ServedApi, content: bytes = b"a", *, idempotency: str = "first", path: str = "/work", **call: str
) -> Answered:
    method, key = call.get("method", "POST"), call.get("key")
    return await api.call(method, path, content=content, headers={"Idempotency-Key": idempotency}, key=key)


async def test_a_repeated_write_is_done_once_and_answered_alike(api: StoreApi, work: Work) -> None:
    first, again = await ask(api), await ask(api)
    assert work.done == 1
    assert (first.status, first.content, first.headers["ETag"]) == (202, b"done 1: a", '"1"')
    assert (again.status, again.content, again.headers["ETag"]) == (202, b"done 1: a", '"1"')
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers["X-Request-ID"] != again.headers["X-Request-ID"]


async def test_a_restart_does_not_make_a_repeated_write_happen_again(database: str, tmp_path: Path, work: Work) -> None:
    for _ in range(2):
        async with store_api(database, tmp_path, work.routers) as api:
            assert (await ask(api)).content == b"done 1: a"


async def test_of_what_people_said_nothing_is_kept_but_ids(api: StoreApi, work: Work) -> None:
    first, again = await ask(api, path="/said"), await ask(api, path="/said")
    assert (first.json["content"], work.done) == ("my secret", 1)
    assert (again.status, again.headers["Location"]) == (201, "/said/1")
    assert again.json == {"id": 7, "session_id": "6821946150912032", "created": [{"id": 8}]}
    assert (await ask(api, path="/file", idempotency="file")).content == b"my secret"
    repeated = await ask(api, path="/file", idempotency="file")
    assert (repeated.status, repeated.content) == (200, b"")
    assert "Content-Disposition" not in repeated.headers


async def test_without_a_key_and_for_reads_nothing_is_remembered(api: StoreApi, work: Work) -> None:
    await api.call("POST", "/work", content=b"a")
    await api.call("POST", "/work", content=b"a")
    await ask(api, method="GET")
    await ask(api, method="GET")
    assert work.done == 4


@pytest.mark.parametrize("other", [{"content": b"b"}, {"method": "PUT"}, {"path": "/work?x=1"}])
async def test_another_request_with_the_same_key_is_refused(api: StoreApi, work: Work, other: dict[str, str]) -> None:
    await ask(api)
    refused = await ask(api, **other)  # type: ignore[arg-type]  # contents are bytes
    assert (refused.status, work.done) == (422, 1)
    assert "Idempotency-Key" in refused.json["detail"]


async def test_while_a_write_is_being_done_its_repeat_is_told_to_wait(api: StoreApi, work: Work) -> None:
    work.may_end.clear()
    first = asyncio.create_task(ask(api))
    await work.began.wait()
    api.clock.advance(minutes=10)
    refused = await ask(api)
    assert (refused.status, refused.headers["Retry-After"]) == (409, "1")
    assert (await ask(api, b"b")).status == 422
    work.may_end.set()
    assert (await first).content == (await ask(api)).content
    assert work.done == 1


async def test_a_write_that_died_with_its_process_is_done_again_after_a_while(
    api: StoreApi, work: Work, tmp_path: Path
) -> None:
    work.may_end.clear()
    lost = asyncio.create_task(ask(api))
    await work.began.wait()
    async with served(frame_on(api.store, api.clock), work.routers, tmp_path / "other") as other:
        assert (await ask(other)).status == 409
        api.clock.advance(minutes=3)
        work.may_end.set()
        assert (await ask(other)).status == 202
    await lost


@pytest.mark.parametrize("failure", [Problem(503, "later"), Problem(429, "later"), RuntimeError("oh")])
async def test_a_failure_that_may_pass_is_not_remembered(api: StoreApi, work: Work, failure: Exception) -> None:
    work.failing = [failure]
    assert (await ask(api)).status in {429, 500, 503}
    assert (await ask(api)).content == b"done 1: a"


async def test_a_refusal_is_an_answer_like_any_other(api: StoreApi, work: Work) -> None:
    work.failing = [Problem(404, "no such thing")]
    refused, again = await ask(api), await ask(api)
    assert (refused.status, again.status, work.done) == (404, 404, 0)
    assert again.json["request_id"] == refused.json["request_id"]


async def test_keys_of_other_callers_are_other_keys(api: StoreApi, work: Work) -> None:
    one, other = await api.make_key(name="one"), await api.make_key(name="other")
    assert (await ask(api, key=one)).content == b"done 1: a"
    assert (await ask(api, key=other)).content == b"done 2: a"
    assert work.task_keys == ["api:one:first", "api:other:first"]


async def test_a_stream_is_passed_on_as_it_comes_and_not_remembered(api: StoreApi, work: Work) -> None:
    for times in (1, 2):
        assert (await ask(api, path="/stream")).content == b"data: x\n\n" * 3
        assert work.done == times


async def test_a_key_that_is_none_is_refused(api: StoreApi) -> None:
    for wrong in ("", "with space", "x" * 201, '""'):
        assert (await ask(api, idempotency=wrong)).status == 400
    assert (await ask(api, idempotency='"8e03978e-40d5-43dd-bc93-6894a57f9324"')).status == 202


async def test_who_may_not_write_leaves_no_trace_of_a_key(api: StoreApi, work: Work) -> None:
    reader, writer = await api.make_key(Scope.READ, name="reader"), await api.make_key(name="writer")
    assert (await ask(api, key=reader)).status == 403
    assert (await ask(api, key=writer)).status == 202
    assert (await ask(api)).status == 401
