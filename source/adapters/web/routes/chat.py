"""Talking: `/api/chat`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final
from uuid import NAMESPACE_OID, uuid4, uuid5

from fastapi import APIRouter, Request, Response

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.chat import WebChat
from source.adapters.web.chat_answers import chat_answer, left_over
from source.adapters.web.chat_bodies import (
    AcceptedShown,
    ChatAnswer,
    ChatBody,
    LeftOver,
    PartnerShown,
    SessionBody,
    StopAnswer,
)
from source.adapters.web.chat_exchange import Exchange
from source.adapters.web.documented import Responses, problems, streamed
from source.adapters.web.event_stream import EXAMPLE, EventStream, encoded, encoded_all, wants_events
from source.adapters.web.idempotency import keep_no_answer, task_key_of
from source.adapters.web.sessions import ensure_local, person_of, thread_of
from source.domain.thread import Platform
from source.domain.turn import InboundMessage

_Chatting = Annotated[Caller, requires(Scope.CHAT)]
_EVENTS: Final = streamed("The reply; as events for whoever accepts `text/event-stream`.", EXAMPLE)
_KEPT: Final[Responses] = {202: {"model": ChatAnswer, "description": "There is no reply yet; the message is kept."}}


def router(chat: WebChat) -> APIRouter:
    """Return the routes by which people talk with Echo."""
    routes = APIRouter(prefix="/api/chat", tags=["chat"])

    @routes.get("", operation_id="getPartner", responses=problems())
    async def partner(_: _Chatting) -> PartnerShown:
        """Say which model answers."""
        return PartnerShown(model=chat.parts.model_name, is_offline=chat.parts.is_offline)

    @routes.post(
        "", operation_id="say", response_model=ChatAnswer, responses={**problems(400, 409), **_EVENTS, **_KEPT}
    )
    async def say(body: ChatBody, request: Request, response: Response, caller: _Chatting) -> Response | ChatAnswer:
        """Say something and get the reply: streamed as events, or whole as JSON.

        The message is kept before the answer begins. Who loses the connection sends the same `message_id` again and
        gets the same reply, as far as it has come; it is never answered twice. Messages that come while an answer is
        running are answered together afterwards.

        Events: `accepted` (the message is kept), `notice` (a line that is no part of the reply), `thinking`, `delta`
        (the next piece of the reply), and at the end `done` (the whole reply, which counts) or `failed` (a sentence
        for the person). Comments keep the connection open.
        """
        thread = thread_of(caller, body)
        message_id = body.message_id or _named_by(request)
        keep_no_answer(request)  # the same message again gets its reply from where it is kept, while it is
        inbound = InboundMessage(
            event_id=f"{body.session_id}/{message_id}",
            thread=thread,
            person=person_of(body),
            text=body.text,
            sent_at=chat.parts.clock.now(),
        )
        exchange = await chat.ask(inbound)
        if wants_events(request):
            accepted = AcceptedShown(session_id=body.session_id, message_id=message_id)
            return EventStream(_after(encoded("accepted", accepted), exchange))
        answer = await chat_answer(exchange.events(), session_id=body.session_id, message_id=message_id)
        assert answer is not None  # noqa: S101  (an exchange about a message ends with what came of it)
        response.status_code = 200 if answer.status == "answered" else 202
        return answer

    @routes.post("/stop", operation_id="stopAnswer", responses=problems(400))
    async def stop(body: SessionBody, caller: _Chatting) -> StopAnswer:
        """Stop the running answer of a session; what was said by then is kept."""
        return StopAnswer(stopped=chat.stop(thread_of(caller, body)))

    @routes.post(
        "/recover", operation_id="recoverTerminal", response_model=LeftOver, responses={**problems(), **_EVENTS}
    )
    async def recover(request: Request, caller: _Chatting) -> Response | LeftOver:
        """Answer and deliver what was left of the terminal's sessions; for the command line of Echo's own machine."""
        ensure_local(caller)
        exchange = await chat.left_over(Platform.TERMINAL)
        if wants_events(request):
            return EventStream(encoded_all(exchange.events(of_many=True)))
        return await left_over(exchange.events(of_many=True))

    return routes


def _named_by(request: Request) -> str:
    """Return a name for a message that brought none: the same one for the same Idempotency-Key."""
    key = task_key_of(request)
    return uuid4().hex if key is None else uuid5(NAMESPACE_OID, key).hex


async def _after(first: bytes, exchange: Exchange) -> AsyncGenerator[bytes]:
    yield first
    async with aclosing(encoded_all(exchange.events())) as chunks:
        async for chunk in chunks:
            yield chunk
