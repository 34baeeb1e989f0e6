"""What was said in a conversation: `/conversations/{id}/messages`."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import StreamingResponse

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.documented import problems
from source.adapters.web.pages import MOST_IN_A_PAGE, Identifier, Shown
from source.adapters.web.problems import Problem
from source.domain.message import OF_BUSINESS
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
_ANSWERING: Final = frozenset({None, OF_BUSINESS})
_JSON: Final = "application/json"


class MessageShown(Shown):
    """A message that counts: what was deleted, or answered anew, is left out."""

    id: int = Field(examples=[6821946150912064])
    role: Literal["user", "assistant"]
    content: str = Field(examples=["What did we plan for Friday?"])
    created_at: datetime
    requester: str | None = Field(
        description="Who said it, as their platform names them; null: Echo; business: a person of it."
    )
    name: str | None = Field(description="What they are called.", examples=["Ada"])
    edited_at: datetime | None
    interrupted: bool = Field(description="Whether the reply was stopped, or broke off, before its end.")
    pii: list[str] = Field(description="The kinds of personal data in it, or that were.", examples=[["email"]])
    delivery: Literal["sent", "delivered", "read", "failed", "unknown"] | None = Field(
        description="How far a reply has come on a platform that tells, by its least far part; unknown: nobody can say."
    )
    delivery_error: int | None = Field(description="The platform's number for why it failed.", examples=[131047])


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
        return Response(_listed(lines), media_type=_JSON)

    return routes


async def _whole(pages: MessagePages, conversation_id: int, lines: Sequence[SaidLine]) -> AsyncIterator[bytes]:
    yield b"["
    opening = b""
    while lines:
        yield opening + _listed(lines)[1:-1]
        opening = b","
        lines = await pages.said_in(conversation_id, after=lines[-1].message_id, limit=_STEP) or ()
    yield b"]"


def _listed(lines: Sequence[SaidLine]) -> bytes:
    """Return the messages as JSON: a model of each would take several times as long."""
    return to_json(
        [
            {
                "id": line.message_id,
                "role": "assistant" if line.requester in _ANSWERING else "user",
                "content": line.content,
                "created_at": line.created_at,
                "requester": line.requester,
                "name": line.name,
                "edited_at": line.edited_at,
                "interrupted": line.interrupted,
                "pii": line.pii,
                "delivery": line.delivery,
                "delivery_error": line.delivery_error,
            }
            for line in lines
        ]
    )
