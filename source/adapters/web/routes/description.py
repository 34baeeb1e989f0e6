"""What the API says of itself: `/openapi.json`, and `/docs` for people."""

import asyncio
import json
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, FastAPI, Response

from source.adapters.web.docs_page import page_of

# The page asks nobody else for anything, and runs nothing.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class _Described:
    document: bytes
    page: bytes


def router(app: FastAPI) -> APIRouter:
    """Return the routes that describe the app; they need no key, and are not described themselves."""
    routes = APIRouter(include_in_schema=False)
    described: list[_Described] = []
    describing = asyncio.Lock()

    async def once() -> _Described:
        async with describing:
            if not described:  # it takes a second, in which the channels go on
                described.append(await asyncio.to_thread(_described, app))
        return described[0]

    @routes.get("/openapi.json")
    async def document() -> Response:
        return Response((await once()).document, media_type="application/json")

    @routes.get("/docs")
    async def page() -> Response:
        return Response((await once()).page, media_type="text/html", headers={"Content-Security-Policy": _POLICY})

    return routes


def _described(app: FastAPI) -> _Described:
    description = app.openapi()
    return _Described(json.dumps(description).encode(), page_of(description).encode())
