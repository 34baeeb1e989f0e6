"""What comes back over HTTP for one message or command."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from source.adapters.web.chat_channel import Delivered, Failed, Listener, Pause, ReplyEvent
from source.domain.errors import StoreError
from source.domain.thread import ThreadRef
from source.domain.turn import SaidMessage
from source.services.commands import CommandReply

log = structlog.get_logger(__name__)

_LATER: Final = (
    "Your message is kept, and I will answer it as soon as I can. Send it again with its id to ask for that."
)
_HEARD: Final = "Your message is kept for people to read. I will not answer it."


class Replies(Protocol):
    """What is needed of a `ChannelStore`."""

    async def reply_to_event(self, key: int) -> SaidMessage | None: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """The reply as it is stored; the ids are None for what was only told and has no place in the history."""

    thread: ThreadRef
    text: str
    interrupted: bool
    conversation_id: int | None
    reply_id: int | None


ChatEvent = ReplyEvent | Answered | Pause


class Exchange:
    """What comes back for one request: read `events` once, to its end or not."""

    def __init__(
        self,
        listener: Listener,
        replies: Replies,
        *,
        key: int | None = None,
        is_heard: Callable[[], bool] | None = None,
        pause_seconds: float,
    ) -> None:
        """`is_heard` says whether there will be no reply."""
        self.listener = listener
        self._replies = replies
        self._key = key
        self._is_heard = is_heard
        self._pause_seconds = pause_seconds

    async def events(self, *, of_many: bool = False) -> AsyncGenerator[ChatEvent]:
        """Yield what is told, the last being `Answered` or `Failed`; `of_many`: of every reply, as long as some come.

        Whoever stops reading stops nothing else.
        """
        with self.listener:
            async for event in self.listener.events(pause_seconds=self._pause_seconds):
                yield await self._told(event)
                if isinstance(event, Delivered | Failed) and not of_many:
                    return
            if self._key is not None and not of_many:
                yield await self._stored(self._key)

    async def _told(self, event: ReplyEvent | Pause) -> ChatEvent:
        match event:
            case Delivered():
                return await self._answered(event)
            case Failed(thread, ""):  # a person has taken over
                return Failed(thread, _HEARD)
            case _:
                return event

    async def _answered(self, event: Delivered) -> Answered:
        said = await self._kept(event.keys[0]) if event.keys else None
        conversation_id, reply_id = (said.conversation_id, said.message.message_id) if said else (None, None)
        return Answered(event.thread, event.text, event.interrupted, conversation_id, reply_id)

    async def _stored(self, key: int) -> Answered | Failed:
        """Return the reply that was given before anybody listened."""
        said = await self._kept(key)
        if said is None:
            is_heard = self._is_heard is not None and self._is_heard()
            return Failed(self.listener.thread, _HEARD if is_heard else _LATER)
        message = said.message
        return Answered(
            said.thread, message.message_content, message.interrupted, said.conversation_id, message.message_id
        )

    async def _kept(self, key: int) -> SaidMessage | None:
        """Return the reply as the store has it; None also when it cannot be read: half an answer is told already."""
        try:
            return await self._replies.reply_to_event(key)
        except StoreError as error:
            log.warning("reply_not_read", error=type(error).__name__)
            return None


class CommandExchange(Exchange):
    """What comes back for a command: a reply on the channel if it causes one, and what the command says."""

    def __init__(
        self, listener: Listener, replies: Replies, running: "asyncio.Task[CommandReply]", *, pause_seconds: float
    ) -> None:
        super().__init__(listener, replies, pause_seconds=pause_seconds)
        self._running = running

    async def begun(self) -> None:
        """Return when something comes back.

        Raises: EchoError: it was refused, or failed at once.
        """
        await self.listener.begun()
        if self._running.done():
            self._running.result()

    async def reply(self) -> CommandReply:
        """Return what the command says once it is done."""
        return await asyncio.shield(self._running)
