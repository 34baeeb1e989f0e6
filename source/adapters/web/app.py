"""The API as one ASGI application."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from source.adapters.web.authentication import Authentication
from source.adapters.web.frame import WebFrame
from source.adapters.web.problems import add_problem_handlers
from source.adapters.web.requests import RequestFrame
from source.adapters.web.streams import OpenStreams


def create_app(
    frame: WebFrame,
    routers: Sequence[APIRouter],
    *,
    local_secret: str | None = None,
    streams: OpenStreams | None = None,
) -> FastAPI:
    """Return the API with these routes inside its frame of keys, limits, errors and logs.

    `local_secret` is what the command line of this machine shows instead of a key.
    """
    app = FastAPI(title="Echo", version=frame.settings.version, docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router)
    add_problem_handlers(app)
    # The one added last is met first.
    app.add_middleware(Authentication, frame=frame, local_secret=local_secret)
    app.add_middleware(RequestFrame, clock=frame.clock, streams=streams or OpenStreams())
    return app
