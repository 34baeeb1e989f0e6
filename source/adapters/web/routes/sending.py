"""Sending into chats, and what waits there until people write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import NAMESPACE_OID, uuid5

from fastapi import APIRouter, Request
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import ChatId
from source.adapters.web.chat_ids import known_chats
from source.adapters.web.documented import problems
from source.adapters.web.idempotency import task_key_of
from source.adapters.web.pages import SAID, Body, PageQuery, Shown
from source.adapters.web.problems import Problem
from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.ports.parked import ParkedReason, ParkedReplies
from source.services.business_sending import BusinessSending, SendState
from source.services.chat_ids import ThreadBook, chat_id_of, threads_of

_Reading = Annotated[Caller, requires(Scope.READ)]
_Writing = Annotated[Caller, requires(Scope.WRITE)]
_MOST_CHARS = 20_000


class SendBody(Body):
    """What the person is to read."""

    text: Annotated[str, Field(min_length=1, max_length=_MOST_CHARS, pattern=SAID, examples=["Your tea is ready."])]


class SendAnswer(Shown):
    """What became of it: `parked` is delivered when the person writes, `waiting` is tried again, `failed` never is."""

    success: bool
    state: SendState
    message_id: int = Field(examples=[6821946150912032])


class ParkedShown(Shown):
    """A message that waits until its person writes; `asked`: a template has asked them to."""

    chat_id: str
    platform: Platform
    message_id: int = Field(examples=[6821946150912032])
    conversation_id: int = Field(examples=[6821946150912032])
    since: datetime
    reason: ParkedReason = Field(
        description="By whose clock it was too late: Echo's (window), the platform's (refused)."
    )
    asked: bool


class ParkedPage(Shown):
    """A part of all that waits, what waits longest first."""

    parked: list[ParkedShown]
    total: int


@dataclass(frozen=True, slots=True)
class SendingRoutesParts:
    """What sending over HTTP needs."""

    threads: ThreadBook
    sending: BusinessSending
    parked: ParkedReplies


def router(parts: SendingRoutesParts) -> APIRouter:
    """Return the routes of sending."""
    routes = APIRouter(prefix="/api/conversations", tags=["sending"])

    @routes.get("/parked", operation_id="listParked", responses=problems())
    async def parked(page: PageQuery, _: _Reading) -> ParkedPage:
        """List what waits until its person writes again, as a platform asks for."""
        found = await parts.parked.parked(limit=page.limit, offset=page.offset)
        shown = [
            ParkedShown(
                chat_id=chat_id_of(each.thread),
                platform=each.thread.platform,
                message_id=each.message_id,
                conversation_id=each.conversation_id,
                since=each.parked_at,
                reason=each.reason,
                asked=each.is_told,
            )
            for each in found
        ]
        return ParkedPage(parked=shown, total=await parts.parked.count())

    @routes.post("/{chat_id}/send", operation_id="sendToChat", responses=problems(400, 404, 409, 422))
    async def send(chat_id: ChatId, body: SendBody, request: Request, caller: _Writing) -> SendAnswer:
        """Send a message of the business into a chat; it becomes part of the conversation before it is delivered."""
        (name,) = await known_chats(parts.threads, [chat_id])
        thread = (await threads_of(parts.threads, name))[0]
        key = task_key_of(request)
        named = None if key is None else uuid5(NAMESPACE_OID, key).hex
        try:
            sent = await parts.sending.send(thread, body.text, asked_by=caller.requested_by, name=named)
        except RefusedInputError as error:
            raise Problem(409, str(error)) from error
        return SendAnswer(success=sent.state is not SendState.FAILED, state=sent.state, message_id=sent.message_id)

    return routes
