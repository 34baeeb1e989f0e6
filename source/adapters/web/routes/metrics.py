"""Figures for Prometheus: `/metrics`."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from source.adapters.web.access import Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.metrics import WebMetrics

_EXAMPLE = 'echo_http_requests_total{method="GET",route="/health",status="200"} 12.0\n'


class Exposition(Response):
    """Prometheus's text format."""

    media_type = "text/plain"


def router(metrics: WebMetrics) -> APIRouter:
    """Return the route that Prometheus scrapes."""
    routes = APIRouter(tags=["operation"], dependencies=[requires(Scope.METRICS)])
    content = {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}}

    @routes.get(
        "/metrics",
        operation_id="getMetrics",
        response_class=Exposition,
        responses={**problems(), 200: {"description": "Prometheus's text format.", "content": content}},
    )
    async def scrape() -> Response:
        """Give the figures of this process: requests, messages, calls of the model, tasks, memory."""
        return Response(await metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes
