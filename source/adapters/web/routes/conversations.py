"""Conversations: reading them, and what people do with one that they are not in."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from source.adapters.web.access import Scope, requires
from source.adapters.web.documented import Responses, problems
from source.adapters.web.pages import STORABLE, Body
from source.adapters.web.problems import Problem
from source.adapters.web.record_answers import key_of
from source.adapters.web.record_json import json_response, plain, record_response
from source.adapters.web.record_models import models_of
from source.adapters.web.record_requests import Key
from source.adapters.web.versions import ExpectedVersion, not_modified
from source.domain.conversation_head import ConversationState
from source.domain.record_cursor import LONGEST_CURSOR_CHARS
from source.domain.records import SESSIONS
from source.domain.thread import Platform
from source.ports.records import RecordReading
from source.services.conversation_life import ConversationLife
from source.services.export import Exporter, ExportFormat, encoded
from source.services.records import RecordService

_READING: Final = [requires(Scope.READ)]
_WRITING: Final = [requires(Scope.WRITE)]
_Name = Annotated[str | None, Query(min_length=1, max_length=200, pattern=STORABLE)]
_MODELS: Final = models_of(SESSIONS.name)
_ONE: Final[Responses] = {200: {"model": _MODELS.shown, "description": "The conversation."}}


class NameBody(Body):
    """What a conversation is called from now on."""

    title: str = Field(max_length=200, pattern=STORABLE, examples=["Pizza boxes"])


@dataclass(frozen=True, slots=True)
class ConversationParts:
    """What the routes of conversations need."""

    records: RecordService
    reading: RecordReading
    life: ConversationLife
    exporter: Exporter


def router(parts: ConversationParts) -> APIRouter:
    """Return the routes of conversations."""
    routes = APIRouter(prefix="/api/conversations", tags=["conversations"])
    _add_reading(routes, parts)
    _add_writing(routes, parts)
    return routes


def _add_reading(routes: APIRouter, parts: ConversationParts) -> None:
    @routes.get(
        "",
        operation_id="listConversations",
        responses={**problems(), 200: {"model": _MODELS.page, "description": "The latest begun first."}},
        dependencies=_READING,
    )
    async def listed(
        *,
        user_id: _Name = None,
        platform: Annotated[Platform | None, Query()] = None,
        thread_id: _Name = None,
        state: Annotated[ConversationState | None, Query()] = None,
        is_starred: Annotated[bool | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        after: Annotated[
            str | None, Query(max_length=LONGEST_CURSOR_CHARS, description="`next` of the page before.")
        ] = None,
    ) -> Response:
        """List conversations, the latest begun first; `/api/records/sessions` takes filters and orders of any kind."""
        asked = {"user_id": user_id, "platform": platform, "thread_id": thread_id, "state": state}
        given = {name: value for name, value in {**asked, "is_starred": is_starred}.items() if value is not None}
        found = await parts.records.list(SESSIONS.name, filter=given, limit=limit, offset=offset, after=after)
        return json_response({"records": [plain(SESSIONS, each) for each in found.records], "next": found.next})

    @routes.get(
        "/{id:int}",
        operation_id="getConversation",
        responses={**problems(404), **_ONE, 304: {"description": "It is as the caller knows it."}},
        dependencies=_READING,
    )
    async def one(id: Key, request: Request) -> Response:  # noqa: A002  # its name in the path
        """Read what is known of a conversation."""
        answer = await _shown(parts, id)
        return not_modified(request, answer.headers["ETag"]) or answer

    @routes.get(
        "/{id:int}/transcript",
        operation_id="getTranscript",
        responses={**problems(404), 200: {"description": "As in `conversations/README.md`.", "content": _JSON}},
        dependencies=_READING,
    )
    async def transcript(id: Key) -> Response:  # noqa: A002  # its name in the path
        """Read all of a conversation, as its transcript; a running turn is waited for."""
        thread = (await parts.reading.threads_of([id])).get(id)
        if thread is None:
            raise _missing(id)
        return Response(
            await encoded(await parts.exporter.whole(id, thread), ExportFormat.JSON), media_type="application/json"
        )


def _add_writing(routes: APIRouter, parts: ConversationParts) -> None:
    @routes.post(
        "/{id:int}/end", operation_id="endConversation", responses={**problems(404), **_ONE}, dependencies=_WRITING
    )
    async def end(id: Key) -> Response:  # noqa: A002  # its name in the path
        """End a conversation, with its summary; the next message in its thread begins another one."""
        if not await parts.life.end(id):
            raise _missing(id)
        return await _shown(parts, id)

    @routes.post(
        "/{id:int}/resume",
        operation_id="resumeConversation",
        responses={**problems(404), **_ONE},
        dependencies=_WRITING,
    )
    async def resume(id: Key) -> Response:  # noqa: A002  # its name in the path
        """Go on with a conversation that ended or was archived; the one that runs in its thread ends."""
        if not await parts.life.resume(id):
            raise _missing(id)
        return await _shown(parts, id)

    @routes.patch(
        "/{id:int}",
        operation_id="renameConversation",
        responses={**problems(400, 404, 412), **_ONE},
        dependencies=_WRITING,
    )
    async def rename(id: Key, body: NameBody, version: ExpectedVersion) -> Response:  # noqa: A002  # its name in the path
        """Give a conversation another title."""
        return await changed(id, {"title": body.title}, version)

    @routes.put(
        "/{id:int}/star", operation_id="starConversation", responses={**problems(404), **_ONE}, dependencies=_WRITING
    )
    async def star(id: Key) -> Response:  # noqa: A002  # its name in the path
        """Star a conversation: it is not archived by itself."""
        return await changed(id, {"is_starred": True})

    @routes.delete(
        "/{id:int}/star",
        operation_id="unstarConversation",
        responses={**problems(404), **_ONE},
        dependencies=_WRITING,
    )
    async def unstar(id: Key) -> Response:  # noqa: A002  # its name in the path
        """Take the star away."""
        return await changed(id, {"is_starred": False})

    async def changed(key: int, changes: dict[str, object], version: int | None = None) -> Response:
        (written,) = await parts.records.change(SESSIONS.name, [key], changes, version=version)
        return await _shown(parts, key_of(written, expects_version=version is not None))


_JSON: Final = {"application/json": {"schema": {"type": "object"}}}


async def _shown(parts: ConversationParts, key: int) -> Response:
    record = await parts.records.read(SESSIONS.name, key)
    if record is None:
        raise _missing(key)
    return record_response(SESSIONS, record)


def _missing(key: int) -> Problem:
    return Problem(404, f"There is no conversation {key}.")
