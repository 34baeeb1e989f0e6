"""The guide to the API says what is there."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from source.adapters.web.app import create_app
from source.app.api_routes import api_routes
from source.app.operations import Operations
from source.app.settings import ROOT
from source.app.web_channel import web_chat_of
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import running_echo
from tests.fakes.web_api import frame_on

GUIDE = (ROOT / "docs" / "api.md").read_text()
_METHODS = "GET|POST|PUT|PATCH|DELETE"
BODIES = re.findall(rf"^\| `({_METHODS}) (/[^`]*)` \| `({{.*}})` \|", GUIDE, re.MULTILINE)
# A write of nothing is a mistake more often than a wish.
NEVER_EMPTY = {"/api/conversations/status", "/api/records/sessions", "/api/records/user_summaries/recount"}
# As those of sessions are.
ALIKE = re.compile(r"/api/records/(messages|user_summaries)/(query|bulk|\{id\})")


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with FakeOpenAIServer() as model, running_echo(tmp_path, model, FakeClock()) as talk:
        echo = talk.echo
        yield create_app(frame_on(echo.store, echo.clock), api_routes(echo, Operations(echo), web_chat_of(echo)))


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, APIRoute]]:
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                yield method, re.sub(r":[a-z]+}", "}", route.path_format), route


async def test_the_guide_names_every_path(app: FastAPI) -> None:
    told = GUIDE[GUIDE.index("## Paths") : GUIDE.index("## Bodies")]
    named = set(re.findall(rf"`({_METHODS}) (/[^`?]*)`", told))
    there = {(method, path) for method, path, _ in routes_of(app) if not path.startswith("/api/records/")}
    assert there - named == set(), "docs/api.md, Paths: these are missing"


async def test_a_body_of_which_everything_may_be_left_out_may_be_left_out_itself(app: FastAPI) -> None:
    shapes = app.openapi()["components"]["schemas"]
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {})
            schema = body.get("content", {}).get("application/json", {}).get("schema", {})
            shape = shapes.get(schema.get("$ref", "").rpartition("/")[2], {})
            if "properties" in shape and "required" not in shape and method == "post":
                assert body.get("required", False) == (path in NEVER_EMPTY), path


def test_the_guide_shows_many_bodies() -> None:
    assert len(BODIES) > 20


async def test_the_guide_names_no_path_that_is_not_there(app: FastAPI) -> None:
    named = set(re.findall(rf"`({_METHODS}) (/[^`?]*)`", GUIDE))
    assert len(named) > 30
    assert named - {(method, path) for method, path, _ in routes_of(app)} == set()


async def test_the_guide_shows_what_every_write_takes(app: FastAPI) -> None:
    shown = {(method, path) for method, path, _ in BODIES}
    taking = {
        (method, path) for method, path, route in routes_of(app) if route.body_field and not ALIKE.fullmatch(path)
    }
    assert taking - shown == set(), "docs/api.md, Bodies: a line for each is missing"
    assert shown - taking == set(), "docs/api.md, Bodies: these take none"


async def test_what_the_guide_shows_is_taken(app: FastAPI) -> None:
    routes = {(method, path): route for method, path, route in routes_of(app)}
    for method, path, body in BODIES:
        field = routes[method, path].body_field
        assert field is not None
        _, errors = field.validate(json.loads(body), {}, loc=("body",))
        assert not errors, (method, path, errors)


async def test_the_guide_marks_no_field_as_needed_that_may_be_left_out(app: FastAPI) -> None:
    schemas: dict[str, Any] = app.openapi()["components"]["schemas"]
    told = dict(re.findall(rf"^\| `((?:{_METHODS}) /[^`]*)` \| `{{.*}}` \| (.*) \|$", GUIDE, re.MULTILINE))
    for method, path, body in BODIES:
        content = app.openapi()["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
        schema = content["schema"]
        required = schemas[schema["$ref"].rpartition("/")[2]].get("required", []) if "$ref" in schema else []
        optional = re.findall("`([a-z_]+)`", told[f"{method} {path}"])
        if required:
            assert set(json.loads(body)) - set(required) == set(optional) & set(json.loads(body)), (method, path)
