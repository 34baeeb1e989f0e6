"""What the API says of requests that are not as they should be, over a real port."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from source.adapters.web.access import Scope, requires
from source.adapters.web.pages import SAID, STORABLE, Body, PageQuery
from tests.fakes.records_api import problem, records_api
from tests.fakes.web_api import StoreApi, store_api


class Part(Body):
    length: int = 1


class Thing(Body):
    name: str = Field(pattern=SAID)
    note: str = Field(default="", pattern=STORABLE)
    parts: list[Part] | None = None


class Wanted(BaseModel):
    state: str = "open"


def routers() -> list[APIRouter]:
    router = APIRouter()

    @router.get("/things", dependencies=[requires(Scope.READ)])
    async def things(page: PageQuery, wanted: Annotated[Wanted, Query()]) -> dict[str, object]:
        return {"limit": page.limit, "state": wanted.state}

    @router.post("/things", dependencies=[requires(Scope.WRITE)])
    async def make(thing: Thing) -> dict[str, object]:
        return {"name": thing.name}

    @router.delete("/things", dependencies=[requires(Scope.WRITE)])
    async def clear() -> dict[str, object]:
        return {"cleared": True}

    return [router]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[StoreApi]:
    async with store_api(f"sqlite:///{tmp_path / 'echo.db'}", tmp_path, routers) as api:
        yield api


async def test_a_query_parameter_that_a_path_does_not_take_is_refused_with_the_nearest_that_it_takes(
    api: StoreApi,
) -> None:
    misspelt = await api.get("/things?limt=3")
    assert problem(misspelt, 422) == "Query parameter 'limt': it is not known here; did you mean limit?"
    assert misspelt.json["errors"][0]["location"] == "query.limt"
    assert "there are limit, offset, state." in problem(await api.get("/things?platform=web&limit=3"), 422)
    assert "this path takes none" in problem(await api.call("DELETE", "/things?filter={}"), 422)
    assert "this path takes none" in problem(await api.get("/health?x=1"), 422)


async def test_a_field_that_a_body_does_not_take_is_refused_with_the_nearest_that_it_takes(api: StoreApi) -> None:
    refused = await api.post("/things", {"name": " ", "notes": "x", "zzz": 1, "parts": [{"lenght": 2}]})
    assert problem(refused, 422)
    assert {each["location"]: each["problem"] for each in refused.json["errors"]} == {
        "body.name": "It must have at least one character that is to be seen, and no NUL.",
        "body.notes": "It is not known here; did you mean note?",
        "body.zzz": "It is not known here; there are name, note, parts.",
        "body.parts.0.lenght": "It is not known here; did you mean length?",
    }


async def test_query_parameters_that_a_path_takes_are_taken(api: StoreApi) -> None:
    assert (await api.get("/things?limit=3&offset=0&state=done")).json == {"limit": 3, "state": "done"}


async def test_who_may_not_call_does_not_learn_what_a_path_takes(api: StoreApi) -> None:
    await api.make_key(Scope.READ)
    assert "API key" in problem(await api.get("/things?limt=3"), 401)


async def test_an_export_of_one_person_is_not_one_of_everybody(tmp_path: Path) -> None:
    async with records_api(tmp_path, f"sqlite:///{tmp_path / 'echo.db'}") as caller:
        await caller.session(user_id="ann")
        refused = await caller.call("GET", "/api/exports/conversations?user_id=bob")
        assert "there are filter." in problem(refused, 422)
        assert "transcript" not in str(refused.json)


async def test_a_body_that_nothing_calls_json_is_told_how_to_come(api: StoreApi) -> None:
    for headers in ({}, {"Content-Type": "text/plain"}):
        refused = await api.post("/things", content=b'{"name": "a"}', headers=headers)
        assert "Content-Type: application/json" in problem(refused, 422)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"null"])
async def test_a_body_that_is_no_object_is_told_what_is_expected(api: StoreApi, body: bytes) -> None:
    refused = await api.post("/things", content=body, headers={"Content-Type": "application/json"})
    assert "`errors` says where" in problem(refused, 422)
    assert refused.json["errors"] == [{"location": "body", "problem": "A JSON object is expected."}]


async def test_a_text_that_is_blank_or_cannot_be_kept_is_told_so_in_words(api: StoreApi) -> None:
    refused = await api.post("/things", {"name": " \n", "note": "\x00"})
    assert problem(refused, 422)
    assert refused.json["errors"] == [
        {"location": "body.name", "problem": "It must have at least one character that is to be seen, and no NUL."},
        {"location": "body.note", "problem": "It must have no NUL character."},
    ]
