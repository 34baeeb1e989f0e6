"""What was said in a session: `/api/sessions`."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.chat import WebChat
from source.adapters.web.chat_answers import said_shown, session_conversation
from source.adapters.web.chat_bodies import Place, SessionConversations, SessionHistory
from source.adapters.web.documented import problems
from source.adapters.web.pages import MOST_IN_A_PAGE, Name
from source.adapters.web.sessions import thread_at
from source.domain.message import MessageType
from source.domain.thread import PersonRef
from source.services.commands import CommandInvocation

_Chatting = Annotated[Caller, requires(Scope.CHAT)]
_Session = Annotated[Name, Path(description="The session.", examples=["visitor-7"])]
_Person = Annotated[Name, Query(description="Whose conversations.", examples=["ada"])]
_Limit = Annotated[int, Query(ge=1, le=MOST_IN_A_PAGE, description="How many at most.")]
_USUAL_MESSAGES: Final = 50


def router(chat: WebChat) -> APIRouter:
    """Return the routes by which somebody comes back to a session."""
    routes = APIRouter(prefix="/api/sessions", tags=["chat"])

    @routes.get("/{platform}/{session_id:path}/history", operation_id="getSessionHistory", responses=problems())
    async def history(
        platform: Place, session_id: _Session, caller: _Chatting, limit: _Limit = _USUAL_MESSAGES
    ) -> SessionHistory:
        """Return the last messages of the session's running conversation; none when none runs."""
        said = await chat.parts.commands.history(thread_at(caller, platform, session_id), limit)
        chats = [message for message in said if message.message_type is MessageType.CHAT]
        return SessionHistory(messages=[said_shown(message) for message in chats])

    @routes.get(
        "/{platform}/{session_id:path}/conversations", operation_id="listSessionConversations", responses=problems()
    )
    async def conversations(
        platform: Place, session_id: _Session, user_id: _Person, caller: _Chatting
    ) -> SessionConversations:
        """List the person's conversations in the session, by the numbers that commands take."""
        thread = thread_at(caller, platform, session_id)
        found = await chat.parts.commands.listing(
            CommandInvocation("conversations", thread, PersonRef(user_id, user_id))
        )
        return SessionConversations(
            conversations=[session_conversation(number, listing) for number, listing in enumerate(found, 1)]
        )

    return routes
