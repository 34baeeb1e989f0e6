"""Which methods a path takes."""

import pytest
from fastapi import FastAPI

from source.adapters.web.methods import allowed_methods, path_of


@pytest.fixture(scope="module")
def app() -> FastAPI:
    app = FastAPI()
    for method, path in [
        ("GET", "/things"),
        ("POST", "/things"),
        ("POST", "/things/count"),
        ("GET", "/things/{thing}"),
        ("DELETE", "/things/{thing}"),
        ("GET", "/things/{thing}/parts.json"),
        ("PUT", "/numbers/{number:int}"),
        ("GET", "/numbers/{number:int}"),
        ("POST", "/numbers/all"),
    ]:
        app.add_api_route(path, lambda: None, methods=[method])
    return app


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/things", "GET, POST"),
        ("/things/7", "DELETE, GET"),
        ("/things/count", "POST"),
        ("/things/7/parts.json", "GET"),
        ("/things/7/partsXjson", None),
        ("/things/", None),
        ("/nothing", None),
        ("/numbers/7", "GET, PUT"),
        ("/numbers/all", "POST"),
        ("/numbers/some", None),
    ],
)
def test_a_path_takes_what_its_closest_routes_take(app: FastAPI, path: str, methods: str | None) -> None:
    assert allowed_methods({"app": app, "path": path}) == methods


def test_a_path_is_named_as_it_was_declared(app: FastAPI) -> None:
    paths = ("/things/7", "/things/count", "/nothing")
    assert [path_of({"app": app, "path": path}) for path in paths] == ["/things/{thing}", "/things/count", None]
