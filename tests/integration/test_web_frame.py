"""What every request to the API meets, over a real port."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.local_token import LocalToken
from source.adapters.web.pages import Body, Identifier, Name, PageQuery
from source.adapters.web.versions import ExpectedVersion, ensure_version, etag_of
from source.app.echo import Echo
from source.domain.errors import StoreConflictError, StoreUnavailableError
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.web_api import WebApi, web_api


class Thing(Body):
    name: Name


def routers(_echo: Echo) -> list[APIRouter]:
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

    @router.get("/unavailable", dependencies=[requires(Scope.READ)])
    async def unavailable() -> None:
        raise StoreUnavailableError("the database at /secret/path is away")

    @router.get("/broken", dependencies=[requires(Scope.READ)])
    async def broken() -> None:
        raise RuntimeError("SELECT secret FROM somewhere")

    return [router]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[WebApi]:
    async with FakeOpenAIServer() as server, web_api(tmp_path, server, FakeClock(), routers) as api:
        yield api


async def test_a_program_on_this_machine_needs_no_key_until_there_is_one(api: WebApi) -> None:
    assert (await api.get("/things/1")).json == {"id": 1, "limit": 50, "offset": 0, "caller": "local"}
    key = await api.make_key(Scope.READ)
    assert (await api.get("/things/1")).status == 401
    assert (await api.get("/things/1", key=key)).json["caller"] == "test"
    assert (await api.get("/things/1", headers={"X-API-Key": key})).status == 200
    assert (await api.get("/things/1", key=api.local_token.secret)).json["caller"] == "local"


async def test_the_local_token_is_there_for_its_owner_alone_and_only_while_the_api_runs(tmp_path: Path) -> None:
    async with FakeOpenAIServer() as server, web_api(tmp_path, server, FakeClock(), routers) as api:
        assert (tmp_path / ".echo.token").stat().st_mode & 0o777 == 0o600
        assert api.local_token.url == api.url
    assert LocalToken.read(tmp_path) is None
