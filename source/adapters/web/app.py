"""The API as one ASGI application."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.cors import CORSMiddleware

from source.adapters.web.authentication import Authentication
from source.adapters.web.frame import WebFrame
from source.adapters.web.guard import Guard
from source.adapters.web.idempotency import Idempotency
from source.adapters.web.known_queries import refuse_unknown_queries
from source.adapters.web.openapi import describe
from source.adapters.web.problems import add_problem_handlers
from source.adapters.web.requests import RequestFrame
from source.adapters.web.routes import description, health, keys, metrics
from source.adapters.web.streams import OpenStreams

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_ASKED_WITH: Final = ("Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match")
_SHOWN: Final = ("ETag", "Idempotency-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID")

# Else requests, and what went wrong in them, would go to whatever another library has set up.
_NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


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
    app = FastAPI(
        title="Echo",
        version=frame.settings.version,
        openapi_url=None,  # the routes of the description make it beside the loop
        docs_url=None,
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
    )
    for router in (*routers, *_own_routers(frame), description.router(app)):
        # Included routers are asked one by one for every request: two thirds more time to find a route.
        app.router.routes.extend(router.routes)
    refuse_unknown_queries(app.routes)
    describe(app)
    add_problem_handlers(app)
    # The one added last is met first.
    app.add_middleware(Idempotency, answers=frame.answers, clock=frame.clock)
    app.add_middleware(Authentication, frame=frame, local_secret=local_secret)
    app.add_middleware(Guard, max_body_bytes=frame.settings.max_body_bytes, larger=frame.webhooks)
    if frame.settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=frame.settings.allowed_origins,
            allow_methods=_METHODS,
            allow_headers=_ASKED_WITH,
            expose_headers=_SHOWN,
        )
    app.add_middleware(
        RequestFrame,
        clock=frame.clock,
        streams=OpenStreams() if streams is None else streams,
        metrics=frame.metrics.requests,
    )
    return app


def _own_routers(frame: WebFrame) -> Sequence[APIRouter]:
    return health.router(frame.health), metrics.router(frame.metrics), keys.router(frame.keys)
