"""A running Echo, as the chat in the terminal talks with it over the API."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import quote

from source.adapters.remote.api_client import ApiClient, ApiUnavailableError
from source.adapters.remote.events import Event, events_in
from source.domain.conversation_head import ConversationState
from source.domain.errors import DeliveryError, SettingsError
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import Channel, LiveReply
from source.ports.store import ConversationListing
from source.services.commands import (
    CommandInvocation,
    CommandOption,
    CommandReply,
    CommandSpec,
    ExportedFile,
    OptionKind,
)
from source.services.commands.vocabulary import Line
from source.services.owned_tasks import OwnedTasks

_EVENTS: Final = {"Accept": "text/event-stream"}
_LAST_STOP: Final = timedelta(seconds=1)
_LOST: Final = "The connection to Echo was lost. What you wrote is kept, and answered once Echo is there again."
_ANEW: Final = "Echo was started anew meanwhile: leave, and start the chat again."


class Place(Protocol):
    """Who sits at the terminal, and in which thread."""

    @property
    def thread(self) -> ThreadRef: ...

    @property
    def person(self) -> PersonRef: ...


class RemotePartner:
    """Implements the terminal's `Partner` over the API of the process that owns the data folder.

    Every method may raise an ApiUnavailableError: the process is gone; or a RefusedInputError, as the process would.
    """

    def __init__(
        self,
        client: ApiClient,
        keep_file: Callable[[ExportedFile], Awaitable[str]],
        *,
        model_name: str,
        is_offline: bool,
        words: Sequence[CommandSpec],
    ) -> None:
        self.model_name = model_name
        self.is_offline = is_offline
        self.words = words
        self._keep_file = keep_file
        self._client = client
        self._answering: set[ThreadKey] = set()
        self._stops = OwnedTasks()

    @classmethod
    async def connected(cls, client: ApiClient, keep_file: Callable[[ExportedFile], Awaitable[str]]) -> "RemotePartner":
        """Ask who answers there, and for the commands that there are; `keep_file` writes files on this side."""
        partner, listed = await client.get("/api/chat"), await client.get("/api/commands")
        words = tuple(_spec(command) for command in listed["commands"])
        return cls(client, keep_file, model_name=partner["model"], is_offline=partner["is_offline"], words=words)

    async def close(self) -> None:
        """Let what was asked to stop be asked."""
        await self._stops.close(_LAST_STOP)

    async def answer(self, inbound: InboundMessage, channel: Channel) -> None:
        thread = inbound.thread.key
        body = {**_person(inbound.thread, inbound.person), "text": inbound.text, "message_id": inbound.event_id}
        self._answering.add(thread)
        try:
            desk = await self._follow("/api/chat", body, channel)
        finally:
            self._answering.discard(thread)
        if not desk.has_ended:
            raise ApiUnavailableError(_LOST)

    async def recover(self, channel: Channel) -> None:
        await self._follow("/api/chat/recover", {}, channel)

    def stop(self, thread: ThreadKey) -> bool:
        if thread not in self._answering:
            return False
        self._stops.spawn(self._stop(thread), name="remote-stop")
        return True

    async def command(self, invocation: CommandInvocation) -> CommandReply:
        body = {
            **_person(invocation.thread, invocation.person),
            "command": invocation.name,
            "options": dict(invocation.options),
            "invocation_id": invocation.invocation_id or None,
        }
        desk = await self._follow("/api/commands", body, invocation.channel)
        if desk.said is not None:
            return _reply(desk.said)
        if not desk.has_ended:
            raise ApiUnavailableError(_LOST)
        return CommandReply("")

    async def keep_file(self, file: ExportedFile) -> str:
        return await self._keep_file(file)

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        found = await self._client.get(f"{_session(thread)}/history", limit=limit)
        return [_message(each) for each in found["messages"]]

    async def listing(self, place: Place) -> Sequence[ConversationListing]:
        found = await self._client.get(f"{_session(place.thread)}/conversations", user_id=place.person.external_id)
        return [_listing(each, place.thread) for each in found["conversations"]]

    async def _stop(self, thread: ThreadKey) -> None:
        body = {"session_id": thread.thread_id, "platform": thread.platform.value}
        await self._client.post("/api/chat/stop", body)

    async def _follow(self, path: str, body: Mapping[str, object], channel: Channel | None) -> "_Desk":
        """Give what comes back to the channel.

        Raises: ApiUnavailableError: the process went away; what it had accepted is kept there.
        """
        desk = _Desk(channel)
        try:
            async with self._client.opened("POST", path, body=body, headers=_EVENTS, seconds=None) as response:
                async for event in events_in(response.content):
                    await desk.take(event)
        except ApiUnavailableError as error:
            raise ApiUnavailableError(_LOST) if desk.has_begun else error from error
        except SettingsError as error:
            # The token in the data folder is that of one run.
            raise ApiUnavailableError(_ANEW) from error
        return desk


class _Desk:
    """Hands what comes back to the replies that it belongs to, one for each session at a time."""

    def __init__(self, channel: Channel | None) -> None:
        self.has_begun = False
        self.has_ended = False
        self.said: Mapping[str, Any] | None = None
        self._channel = channel
        self._replies: dict[str, LiveReply] = {}

    async def take(self, event: Event) -> None:
        self.has_begun = True
        match event.name:
            case "notice":
                await self._reply(event).notice(event.data["line"])
            case "delta":
                self._reply(event).show(event.data["text"])
            case "thinking":
                self._reply(event).thinking()
            case "done":
                # Who does not read any more finds it in the history.
                with suppress(DeliveryError):
                    await self._ended(event).deliver(event.data["text"], interrupted=event.data["interrupted"])
            case "failed":
                await self._ended(event).fail(event.data["sentence"])
            case "command":
                self.said = event.data

    def _reply(self, event: Event) -> LiveReply:
        session = event.data["session_id"]
        if session not in self._replies:
            if self._channel is None:
                raise TypeError("a command without a channel caused a reply")
            self._replies[session] = self._channel.open_reply(ThreadRef(Platform.TERMINAL, session))
        return self._replies[session]

    def _ended(self, event: Event) -> LiveReply:
        reply = self._reply(event)
        self.has_ended = True
        del self._replies[event.data["session_id"]]
        return reply


def _person(thread: ThreadRef, person: PersonRef) -> dict[str, object]:
    return {
        "platform": thread.platform.value,
        "session_id": thread.thread_id,
        "user_id": person.external_id,
        "user_name": person.display_name,
    }


def _session(thread: ThreadRef) -> str:
    return f"/api/sessions/{thread.platform.value}/{quote(thread.thread_id, safe='')}"


def _spec(command: Mapping[str, Any]) -> CommandSpec:
    options = tuple(
        CommandOption(
            option["name"],
            option["summary"],
            OptionKind(option["kind"]),
            required=option["required"],
            choices=tuple(option["choices"]),
            is_suggested=option["is_suggested"],
            takes_rest=option["takes_rest"],
            is_hidden=option["is_hidden"],
        )
        for option in command["options"]
    )
    return CommandSpec(command["name"], command["summary"], options, is_private=command["is_private"])


def _reply(said: Mapping[str, Any]) -> CommandReply:
    file = said["file"]
    return CommandReply(
        text=said["text"],
        file=ExportedFile(file["name"], b64decode(file["content_base64"])) if file else None,
        thread=_thread(said["session_id"]),
        archived=said["archived"],
        lines=tuple(Line(line["text"], _thread(line["session_id"])) for line in said["lines"]),
    )


def _thread(session_id: str | None) -> ThreadRef | None:
    return None if session_id is None else ThreadRef(Platform.TERMINAL, session_id)


def _message(said: Mapping[str, Any]) -> Message:
    return Message(
        created_at=datetime.fromisoformat(said["created_at"]),
        message_type=MessageType.CHAT,
        message_content=said["content"],
        requester=said["requester"],
        message_id=said["id"],
        interrupted=said["interrupted"],
        edited_at=_moment(said["edited_at"]),
        pii=tuple(said["pii"]),
    )


def _listing(found: Mapping[str, Any], thread: ThreadRef) -> ConversationListing:
    return ConversationListing(
        conversation_id=found["conversation_id"],
        thread=thread,
        title=found["title"],
        summary=found["summary"],
        state=ConversationState(found["state"]),
        created_at=datetime.fromisoformat(found["created_at"]),
        last_message_at=_moment(found["last_message_at"]),
        message_count=found["message_count"],
        parent_conversation_id=found["parent_conversation_id"],
        created_reason=found["created_reason"],
        filename=found["filename"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
