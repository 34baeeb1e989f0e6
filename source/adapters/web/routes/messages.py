"""What was said in a conversation: `/conversations/{id}/messages`."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.pages import MOST_IN_A_PAGE, Identifier, Shown
from source.adapters.web.problems import Problem
from source.ports.message_pages import MessagePages, SaidLine

_Reading = Annotated[Caller, requires(Scope.READ)]
_ConversationId = Annotated[Identifier, Path(alias="id", description="The conversation.")]
_Limit = Annotated[
    int | None, Query(ge=1, le=MOST_IN_A_PAGE, description="How many at most; without it the whole conversation.")
]
_After = Annotated[
    int, Query(ge=0, le=2**53 - 1, description="Only messages behind this one, by its id: the last of the page before.")
]
# A long conversation is read and sent in steps, so that it is never whole in memory.
_STEP: Final = 1_000
_JSON: Final = "application/json"


class MessageShown(Shown):
    """A message that counts: what was deleted, or answered anew, is left out."""

    id: int = Field(examples=[6821946150912064])
    role: Literal["user", "assistant"]
    content: str = Field(examples=["What did we plan for Friday?"])
    created_at: datetime
    requester: str | None = Field(description="Who said it, as their platform names them; null: Echo.")
    name: str | None = Field(description="What they are called.", examples=["Ada"])
    edited_at: datetime | None
    interrupted: bool = Field(description="Whether the reply was stopped, or broke off, before its end.")


def router(pages: MessagePages) -> APIRouter:
    """Return the route of a conversation's messages."""
    routes = APIRouter(tags=["conversations"])

    @routes.get(
        "/conversations/{id}/messages",
        operation_id="listConversationMessages",
        response_model=list[MessageShown],
        responses=problems(404),
    )
    async def messages(
        conversation_id: _ConversationId, _: _Reading, limit: _Limit = None, after: _After = 0
    ) -> Response:
        """Return what was said, the oldest first; with `limit` in pages, of which the last is not full."""
        lines = await pages.said_in(conversation_id, after=after, limit=limit or _STEP)
        if lines is None:
            raise Problem(404, f"There is no conversation {conversation_id}; `GET /api/conversations` lists them.")
        if limit is None and len(lines) == _STEP:
            return StreamingResponse(_whole(pages, conversation_id, lines), media_type=_JSON)
        return Response(f"[{_objects(lines)}]", media_type=_JSON)

    return routes


async def _whole(pages: MessagePages, conversation_id: int, lines: Sequence[SaidLine]) -> AsyncIterator[bytes]:
    yield b"["
    opening = ""
    while lines:
        yield f"{opening}{_objects(lines)}".encode()
        opening = ","
        lines = await pages.said_in(conversation_id, after=lines[-1].message_id, limit=_STEP) or ()
    yield b"]"


def _objects(lines: Sequence[SaidLine]) -> str:
    """Return the messages as JSON: a model for each of them would take five times as long."""
    return ",".join(map(_object, lines))


def _object(line: SaidLine) -> str:
    message_id, requester, name, content, created_at, edited_at, interrupted = line
    return (
        f'{{"id":{message_id},"role":"{"assistant" if requester is None else "user"}",'
        f'"content":{_quoted(content)},"created_at":{_moment(created_at)},'
        f'"requester":{"null" if requester is None else _quoted(requester)},'
        f'"name":{"null" if name is None else _quoted(name)},'
        f'"edited_at":{"null" if edited_at is None else _moment(edited_at)},'
        f'"interrupted":{"true" if interrupted else "false"}}}'
    )


_quoted = json.JSONEncoder(ensure_ascii=False).encode


def _moment(moment: datetime) -> str:
    """Return a time of the store's, which are UTC."""
    return f'"{moment.isoformat().removesuffix("+00:00")}Z"'
