"""Whether Echo is well: `/health`."""

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from source.adapters.web.access import caller_of
from source.adapters.web.documented import Responses
from source.adapters.web.pages import Shown
from source.ports.health import HealthPart, PartStatus
from source.services.health import Health, look_at


class PartShown(Shown):
    """How one part is."""

    status: PartStatus
    sentence: str = Field(examples=["It can be read."])


class HealthShown(Shown):
    """How Echo is; the parts are for callers with a key, or on Echo's own machine."""

    status: Literal["ok", "degraded", "down"]
    parts: dict[str, PartShown] | None = Field(
        default=None, examples=[{"store": {"status": "ok", "sentence": "It can be read."}}]
    )


_RESPONSES: Responses = {503: {"description": "The store is gone: nothing can be done now.", "model": HealthShown}}


def router(parts: Mapping[str, HealthPart]) -> APIRouter:
    """Return the route that monitors call."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/health", operation_id="getHealth", responses=_RESPONSES, response_model_exclude_none=True)
    async def health(request: Request, response: Response) -> HealthShown:
        """Say whether Echo is well; 503 only when its store is gone. It needs no key."""
        found = await look_at(parts)
        if found.is_down:
            response.status_code = 503
        return _shown(found, with_parts=caller_of(request) is not None)

    @routes.head("/health", include_in_schema=False)
    async def is_up() -> Response:
        return Response(status_code=503 if (await look_at(parts)).is_down else 200)

    return routes


def _shown(health: Health, *, with_parts: bool) -> HealthShown:
    parts = {name: PartShown(status=part.status, sentence=part.sentence) for name, part in health.parts.items()}
    status: Literal["ok", "degraded", "down"] = "ok" if health.is_ok else "degraded"
    return HealthShown(status="down" if health.is_down else status, parts=parts if with_parts else None)
