"""What every request to the API meets, over a real port."""

import re
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter
from starlette.types import Receive, Send
from structlog.testing import capture_logs
from structlog.typing import EventDict

from source.adapters.web.access import CALLER, Caller, Scope, requires
from source.adapters.web.authentication import Authentication
from source.adapters.web.local_token import LocalToken
from source.adapters.web.pages import Body, Identifier, Name, PageQuery
from source.adapters.web.problems import Problem
from source.adapters.web.versions import ExpectedVersion, ensure_version, etag_of
from source.domain.errors import ModelUnavailableError, StoreConflictError, StoreUnavailableError
from tests.fakes.databases import database_of
from tests.fakes.web_api import StoreApi, frame_on, store_api


class Thing(Body):
    name: Name


def routers() -> list[APIRouter]:
    router = APIRouter()

    @router.get("/things/{thing_id}")
    async def thing(
        thing_id: Identifier, page: PageQuery, caller: Annotated[Caller, requires(Scope.READ)]
    ) -> dict[str, object]:
        return {"id": thing_id, "limit": page.limit, "offset": page.offset, "caller": caller.name}

    @router.put("/things/{thing_id}", dependencies=[requires(Scope.WRITE)])
    async def change(thing_id: Identifier, thing: Thing, expected: ExpectedVersion) -> dict[str, object]:
        ensure_version(7, expected)
        if thing.name == "taken":
            raise StoreConflictError("There is another thing of that name.")
        return {"id": thing_id, "name": thing.name, "etag": etag_of(8)}

    @router.get("/broken/{how}", dependencies=[requires(Scope.READ)])
    async def broken(how: str) -> None:
        if how == "store":
            raise StoreUnavailableError("the database at /secret/path is away")
        if how == "model":
            raise ModelUnavailableError("https://secret.example says no")
        raise RuntimeError("SELECT secret FROM somewhere")

    return [router]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def api(database: str, tmp_path: Path) -> AsyncIterator[StoreApi]:
    async with store_api(database, tmp_path, routers) as api:
        yield api


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


async def test_a_program_on_this_machine_needs_no_key_until_there_is_one(api: StoreApi) -> None:
    assert (await api.get("/things/1")).json == {"id": 1, "limit": 50, "offset": 0, "caller": "local"}
    key = await api.make_key(Scope.READ)
    assert (await api.get("/things/1")).status == 401
    assert (await api.get("/things/1", key=key)).json["caller"] == "test"
    assert (await api.get("/things/1", headers={"X-API-Key": key})).status == 200


async def test_the_local_token_stays_good_when_there_are_keys(api: StoreApi) -> None:
    await api.make_key()
    assert (await api.get("/things/1", key=api.local_token.secret)).json["caller"] == "local"
    assert (await api.get("/things/1", key=api.local_token.secret + "x")).status == 401


async def test_the_local_token_is_for_its_owner_alone_and_gone_when_the_api_stops(api: StoreApi) -> None:
    file = api.folder / ".echo.token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert api.local_token.url == api.url
    api.stop.set()
    await api.running
    assert LocalToken.read(api.folder) is None


async def test_the_local_token_is_good_from_whatever_address_this_machine_calls(api: StoreApi) -> None:
    """Where Echo listens on an address of the network, this machine calls from that address."""
    callers: list[Caller | None] = []

    async def inner(scope: MutableMapping[str, Any], _receive: Receive, _send: Send) -> None:
        callers.append(scope[CALLER])

    async def nothing(*_: object) -> Any:
        raise AssertionError("nothing is read or sent")

    authentication = Authentication(inner, frame=api.frame, local_secret="secret")
    scope = {"type": "http", "client": ("192.0.2.2", 1), "headers": [(b"x-api-key", b"secret")]}
    await authentication(scope, nothing, nothing)
    assert [caller and caller.is_local for caller in callers] == [True]
    with pytest.raises(Problem):
        await authentication({**scope, "headers": [(b"x-api-key", b"other")]}, nothing, nothing)


async def test_behind_a_proxy_nobody_counts_as_local(api: StoreApi) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    refused = await api.get("/things/1", headers=forwarded)
    assert refused.status == 401
    assert "keys create" in refused.json["detail"]
    assert (await api.get("/things/1", headers=forwarded, key=api.local_token.secret)).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8001"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_page_of_another_address_gets_nothing_without_a_key(api: StoreApi, headers: dict[str, str]) -> None:
    refused = await api.get("/things/1", headers=headers)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Echo"')


async def test_the_api_s_own_page_may_call_it(api: StoreApi) -> None:
    for headers in ({"Origin": api.url}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert (await api.get("/things/1", headers=headers)).status == 200


async def test_a_key_opens_only_what_its_scopes_say(api: StoreApi) -> None:
    reader = await api.make_key(Scope.READ)
    administrator = await api.make_key(Scope.ADMIN, name="administrator")
    refused = await api.call("PUT", "/things/1", {"name": "a"}, key=reader)
    assert refused.status == 403
    assert "`write`" in refused.json["detail"]
    assert (await api.call("PUT", "/things/1", {"name": "a"}, key=administrator)).status == 200


async def test_a_revoked_key_opens_nothing_within_seconds_though_another_process_revoked_it(api: StoreApi) -> None:
    key = await api.make_key()
    assert (await api.get("/things/1", key=key)).status == 200
    other = frame_on(api.store, api.clock).keys
    await other.revoke("test")
    api.clock.advance(seconds=2)
    assert (await api.get("/things/1", key=key)).status == 401


async def test_an_expired_key_opens_nothing_and_the_door_stays_shut(api: StoreApi) -> None:
    key = await api.make_key(days=1)
    api.clock.advance(hours=23)
    assert (await api.get("/things/1", key=key)).status == 200
    api.clock.advance(hours=1)
    assert (await api.get("/things/1", key=key)).status == 401
    assert (await api.get("/things/1")).status == 401


async def test_every_answer_names_its_request_and_so_does_the_log(api: StoreApi, logged: list[EventDict]) -> None:
    named = await api.get("/things/1", headers={"X-Request-ID": "my-request.17"})
    assert named.headers["X-Request-ID"] == "my-request.17"
    for insane in ("short", "a" * 65, "with space"):
        made = (await api.get("/nowhere", headers={"X-Request-ID": insane})).headers["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{16}", made)
    answered = [line for line in logged if line["event"] == "request_answered"]
    assert (answered[0]["route"], answered[0]["status"], answered[0]["caller"]) == ("/things/{thing_id}", 200, "local")
    assert "1" not in answered[0]["route"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "/docs"),
        ("/things/abc", 422, "`errors`"),
        ("/things/1?limit=501", 422, "`errors`"),
        ("/things/9007199254740992", 422, "`errors`"),
        ("/broken/store", 503, "The store cannot be read or written now."),
        ("/broken/model", 503, "The language model cannot be reached now."),
        ("/broken/otherwise", 500, "request id"),
    ],
)
async def test_every_error_is_a_problem_that_gives_nothing_away(
    api: StoreApi, path: str, status: int, words: str
) -> None:
    answered = await api.get(path)
    assert (answered.status, answered.headers["Content-Type"]) == (status, "application/problem+json")
    problem = answered.json
    assert words in problem["detail"]
    assert (problem["status"], problem["request_id"]) == (status, answered.headers["X-Request-ID"])
    assert b"secret" not in answered.content
    assert b"SELECT" not in answered.content
    assert ("Retry-After" in answered.headers) == (status == 503)


async def test_the_trace_of_a_fault_is_in_the_log_alone(api: StoreApi, logged: list[EventDict]) -> None:
    await api.get("/broken/otherwise")
    broken = next(line for line in logged if line["event"] == "request_broke")
    assert isinstance(broken["exc_info"], RuntimeError)


async def test_what_is_wrong_with_a_body_is_said_place_by_place(api: StoreApi) -> None:
    unknown = await api.call("PUT", "/things/1", {"name": "", "nmae": "a"})
    assert unknown.status == 422
    places = {each["location"]: each["problem"] for each in unknown.json["errors"]}
    assert places.keys() == {"body.name", "body.nmae"}
    assert (await api.call("PUT", "/things/1", content=b"{", headers=_JSON)).status == 400
    assert (await api.call("PUT", "/things/1", content=b'{"name": "\\ud800"}', headers=_JSON)).status == 422
    assert (await api.call("PUT", "/things/1", content=b'{"name": "\\u0000"}', headers=_JSON)).status == 422
    assert (await api.call("PUT", "/things/1", content=b"[" * 200_000, headers=_JSON)).status == 400


async def test_a_method_that_a_path_does_not_take_is_refused_with_those_that_it_takes(api: StoreApi) -> None:
    refused = await api.call("DELETE", "/things/1")
    assert (refused.status, refused.headers["Content-Type"]) == (405, "application/problem+json")
    assert refused.headers["Allow"] == "GET, PUT"


async def test_a_change_of_an_older_version_is_refused(api: StoreApi) -> None:
    async def changed(name: str, version: str | None) -> int:
        headers = {} if version is None else {"If-Match": version}
        return (await api.call("PUT", "/things/1", {"name": name}, headers=headers)).status

    assert [await changed("a", version) for version in ('"7"', 'W/"7"', "*", None)] == [200] * 4
    assert await changed("a", '"6"') == 412
    assert await changed("a", "seven") == 400
    assert await changed("taken", None) == 409
    assert await changed("taken", '"7"') == 412


async def test_answers_are_not_for_caches_frames_or_guesses(api: StoreApi) -> None:
    headers = (await api.get("/things/1")).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Server" not in headers


_JSON = {"Content-Type": "application/json"}
