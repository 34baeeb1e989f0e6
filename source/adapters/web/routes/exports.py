"""Conversations as files."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from source.adapters.web.access import Scope, requires
from source.adapters.web.documented import Responses, problems
from source.adapters.web.pages import Body, Identifier
from source.adapters.web.problems import Problem
from source.adapters.web.record_models import models_of
from source.adapters.web.record_requests import FilterQuery, filter_parameter
from source.domain.records import SESSIONS
from source.ports.records import RecordReading
from source.services.bulk_export import BulkExport
from source.services.export import Exporter, ExportFormat, encoded

_READING: Final = [requires(Scope.READ)]
_FILE: Final[Responses] = {
    200: {"description": "The transcript, as a file.", "content": {"application/json": {"schema": {"type": "object"}}}}
}
_NDJSON: Final = "application/x-ndjson"
_LINES: Final[Responses] = {
    200: {
        "description": 'One transcript a line; the last line is `{"exported": …}`, without which it is not whole.',
        "content": {_NDJSON: {"schema": {"type": "string"}, "example": '{"conversation_id":1}\n{"exported":1}\n'}},
    }
}


class ExportBody(Body):
    """Which conversation to export, and as what."""

    conversation_id: Identifier
    format: ExportFormat = Field(default=ExportFormat.JSON)


@dataclass(frozen=True, slots=True)
class ExportParts:
    """What exports need."""

    reading: RecordReading
    exporter: Exporter
    bulk: BulkExport


def router(parts: ExportParts) -> APIRouter:
    """Return the routes of exports."""
    routes = APIRouter(prefix="/api/exports", tags=["conversations"], dependencies=_READING)

    @routes.post("", operation_id="exportConversation", responses={**problems(400, 404), **_FILE})
    async def export(body: ExportBody) -> Response:
        """Export a conversation as a file; a running turn is waited for."""
        thread = (await parts.reading.threads_of([body.conversation_id])).get(body.conversation_id)
        if thread is None:
            raise Problem(404, f"There is no conversation {body.conversation_id}.")
        conversation = await parts.exporter.whole(body.conversation_id, thread)
        name = quote(conversation.head.filename)
        return Response(
            await encoded(conversation, body.format),
            media_type="application/json",
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )

    @routes.get(
        "/conversations",
        operation_id="exportConversations",
        responses={**problems(), **_LINES},
        response_class=StreamingResponse,
        openapi_extra={"parameters": [filter_parameter(models_of(SESSIONS.name).filter.__name__)]},
    )
    async def export_many(given: FilterQuery) -> StreamingResponse:
        """Export every conversation that matches, one a line, as fast as they are read."""
        first = await parts.bulk.first(given)
        return StreamingResponse(parts.bulk.lines(given, first), media_type=_NDJSON)

    return routes
