"""The one vocabulary of commands: `/api/commands`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.chat import WebChat
from source.adapters.web.chat_answers import chat_answer, command_answer, command_shown
from source.adapters.web.chat_bodies import CommandAnswer, CommandBody, CommandsShown, FailedShown
from source.adapters.web.chat_exchange import CommandExchange
from source.adapters.web.documented import problems, streamed
from source.adapters.web.event_stream import EventStream, encoded, encoded_all, wants_events
from source.adapters.web.sessions import person_of, thread_of
from source.domain.errors import EchoError, RefusedInputError
from source.services.commands import CommandInvocation

_Chatting = Annotated[Caller, requires(Scope.CHAT)]
_NOT_DONE = "That could not be done now; try again."
_EXAMPLE = (
    'event: command\ndata: {"text":"New conversation about the trip. It starts empty.","lines":[],"file":null,'
    '"session_id":null,"archived":null,"answer":null}\n\n'
)


def router(chat: WebChat) -> APIRouter:
    """Return the routes by which commands are run."""
    routes = APIRouter(prefix="/api/commands", tags=["chat"])

    @routes.get("", operation_id="listCommands", responses=problems())
    async def listed(_: _Chatting) -> CommandsShown:
        """List the commands and what each takes."""
        return CommandsShown(commands=[command_shown(spec) for spec in chat.parts.commands.vocabulary])

    @routes.post(
        "",
        operation_id="runCommand",
        response_model=CommandAnswer,
        responses={**problems(400), **streamed("What the command says, after the reply that it caused.", _EXAMPLE)},
    )
    async def run(body: CommandBody, request: Request, caller: _Chatting) -> Response | CommandAnswer:
        """Run a command in a session, as `/word` does where people type.

        A command that causes a reply, such as `retry`, gives it in `answer`; as events it comes like that of a
        message, before the event `command`.
        """
        invocation = CommandInvocation(
            name=body.command,
            thread=thread_of(caller, body),
            person=person_of(body),
            options=body.options,
            invocation_id=f"{body.session_id}/{body.invocation_id or uuid4().hex}",
        )
        exchange = await chat.command(invocation)
        await exchange.begun()
        if wants_events(request):
            return EventStream(_streamed(body, exchange))
        answer = await chat_answer(
            exchange.events(), session_id=body.session_id, message_id=invocation.invocation_id.rpartition("/")[2]
        )
        return command_answer(await exchange.reply(), answer)

    return routes


async def _streamed(body: CommandBody, exchange: CommandExchange) -> AsyncGenerator[bytes]:
    async with aclosing(encoded_all(exchange.events())) as chunks:
        async for chunk in chunks:
            yield chunk
    try:
        yield encoded("command", command_answer(await exchange.reply(), None))
    except EchoError as error:
        sentence = str(error) if isinstance(error, RefusedInputError) else _NOT_DONE
        yield encoded("failed", FailedShown(session_id=body.session_id, sentence=sentence))
