"""Talking with Echo over HTTP: what is said, what comes back, and what was left."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.adapters.web.chat_channel import Delivered, Failed, Listener, Pause, ReplyEvent, WebChannel
from source.adapters.web.error_statuses import answer_to
from source.adapters.web.problems import Problem
from source.domain.errors import EchoError, StoreError, StoreUnavailableError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage, SaidMessage
from source.ports.asked_before import AskedBefore, AskedBeforeReader
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.ports.store import ConversationListing
from source.services.commands import CommandInvocation, CommandReply, CommandSpec
from source.services.mailbox import Waiting
from source.services.owned_tasks import OwnedTasks
from source.services.scrubbing import AS_IT_IS, KeptText
from source.services.turn_service import NOT_KEPT

log = structlog.get_logger(__name__)

PLATFORMS: Final = (Platform.WEB, Platform.TERMINAL)
# Below the time after which the server ends streams itself, so that their readers are told why.
_DRAIN: Final = timedelta(seconds=4)
_PAUSE_SECONDS: Final = 15.0
# Who repeats a message whose answer is put off asks again after this, instead of holding a connection for hours.
_PATIENCE_SECONDS: Final = 60.0
_LATER: Final = (
    "Your message is kept, and I will answer it as soon as I can. Send it again with its id to ask for that."
)


def _not_kept(error: StoreUnavailableError) -> Problem:
    answer = answer_to(error, has_condition=False)
    return Problem(answer.status, f"{answer.detail} {NOT_KEPT}", headers={"Retry-After": str(answer.retry_after)})


class Turns(Protocol):
    """What is needed of the `TurnService`."""

    async def accept(self, inbound: InboundMessage, channel: Channel) -> Waiting | None: ...

    async def recover(self, channel: Channel) -> None: ...

    def stop(self, thread: ThreadKey) -> bool: ...

    async def drain(self, deadline: timedelta, *platforms: Platform) -> None: ...


class Commands(Protocol):
    """What is needed of the `CommandService`."""

    @property
    def vocabulary(self) -> Sequence[CommandSpec]: ...

    async def run(self, invocation: CommandInvocation) -> CommandReply: ...

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]: ...

    async def listing(self, invocation: CommandInvocation) -> Sequence[ConversationListing]: ...


class Replies(Protocol):
    """What is needed of a `ChannelStore`."""

    async def reply_to_event(self, key: int) -> SaidMessage | None: ...


@dataclass(frozen=True, slots=True)
class ChatParts:
    """What talking over HTTP works with; `model_name` is what answers, `is_offline` when nothing does.

    After `pause_seconds` of silence a stream says that it is still there; at the end answers have `drain` to end.
    """

    turns: Turns
    commands: Commands
    replies: Replies
    asked_before: AskedBeforeReader
    clock: Clock
    model_name: str
    is_offline: bool
    kept_text: KeptText = AS_IT_IS.text
    pause_seconds: float = _PAUSE_SECONDS
    drain: timedelta = _DRAIN


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

    def __init__(self, listener: Listener, replies: Replies, *, key: int | None = None, pause_seconds: float) -> None:
        self.listener = listener
        self._replies = replies
        self._key = key
        self._pause_seconds = pause_seconds

    async def events(self, *, of_many: bool = False) -> AsyncGenerator[ChatEvent]:
        """Yield what is told, the last being `Answered` or `Failed`; `of_many`: of every reply, as long as some come.

        Whoever stops reading stops nothing else.
        """
        with self.listener:
            async for event in self.listener.events(pause_seconds=self._pause_seconds):
                yield await self._answered(event) if isinstance(event, Delivered) else event
                if isinstance(event, Delivered | Failed) and not of_many:
                    return
            if self._key is not None and not of_many:
                yield await self._stored(self._key)

    async def _answered(self, event: Delivered) -> Answered:
        said = await self._kept(event.keys[0]) if event.keys else None
        conversation_id, reply_id = (said.conversation_id, said.message.message_id) if said else (None, None)
        return Answered(event.thread, event.text, event.interrupted, conversation_id, reply_id)

    async def _stored(self, key: int) -> Answered | Failed:
        """Return the reply that was given before anybody listened."""
        said = await self._kept(key)
        if said is None:
            return Failed(self.listener.thread, _LATER)
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


class WebChat:
    """Takes messages and commands over HTTP; what has begun goes on when the caller goes away."""

    name: Final = "web-chat"

    def __init__(self, parts: ChatParts) -> None:
        self.parts = parts
        self._channels = {
            Platform.WEB: WebChannel(Platform.WEB),
            # Who comes back to the terminal is shown what was said meanwhile.
            Platform.TERMINAL: WebChannel(Platform.TERMINAL, needs_reader=True),
        }
        self._commands = OwnedTasks()
        self._waits = OwnedTasks()

    async def ask(self, inbound: InboundMessage) -> Exchange:
        """Hand in a message; the same one again gets the answer to the first.

        Raises: RefusedInputError: it is not taken. StoreError: it could not be kept. Problem: 409, its id was
            used for another message; 503, it was not kept, but may be in a moment.
        """
        listener = self._listener(inbound.thread)
        try:
            waiting = await self.parts.turns.accept(inbound, listener)
        except StoreUnavailableError as error:
            log.warning("message_not_kept", reason=str(error))
            raise _not_kept(error) from error
        if waiting is None:
            return await self._again(inbound, listener)
        listener.await_reply(waiting.event.key)
        self._settle_after(waiting.settled.wait(), listener)
        return self._exchange(listener, waiting.event.key)

    async def command(self, invocation: CommandInvocation) -> CommandExchange:
        """Begin a command; the answer that it causes comes back with what it says."""
        listener = self._listener(invocation.thread)
        work = self.parts.commands.run(replace(invocation, channel=listener))
        running = self._commands.spawn(work, name="command")
        running.add_done_callback(lambda _: listener.settle())
        return CommandExchange(listener, self.parts.replies, running, pause_seconds=self.parts.pause_seconds)

    def stop(self, thread: ThreadRef) -> bool:
        """Stop the running answer; what was said by then is kept. False when none is running."""
        return self.parts.turns.stop(thread.key)

    async def left_over(self, platform: Platform) -> Exchange:
        """Have answered and delivered what was left on a platform; read `events(of_many=True)`."""
        listener = self._listener(ThreadRef(platform, ""))
        self._settle_after(self.parts.turns.recover(listener), listener)
        return self._exchange(listener, None)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer what was left of the web's sessions; once `stop` is set, let running answers end and whoever waits go.

        What has no answer then is answered at the next start.
        """
        self._waits.spawn(self._recover(), name="web-recovery")
        await stop.wait()
        await asyncio.gather(
            self.parts.turns.drain(self.parts.drain, *PLATFORMS), self._commands.close(self.parts.drain)
        )
        for channel in self._channels.values():
            channel.close()
        await self._waits.close(timedelta(0))

    async def _recover(self) -> None:
        try:
            await self.parts.turns.recover(self._channels[Platform.WEB])
        except EchoError as error:
            log.warning("web_not_recovered", error=type(error).__name__, reason=str(error))

    async def _again(self, inbound: InboundMessage, listener: Listener) -> Exchange:
        before = await self._asked_before(inbound)
        listener.await_reply(before.key)
        # Once more: it may have been answered before anybody listened.
        if not before.is_over:
            before = await self._asked_before(inbound)
        if before.is_over:
            listener.settle()
        else:
            self._waits.spawn(self._wait_patiently(listener), name="web-patience")
        return self._exchange(listener, before.key)

    async def _asked_before(self, inbound: InboundMessage) -> AskedBefore:
        before = await self.parts.asked_before.asked_before(inbound.thread.platform, inbound.event_id)
        if before is None or not _is_same(before, inbound, self.parts.kept_text(inbound.text)):
            raise Problem(409, "This message_id was used for another message; choose one that is new in its session.")
        return before

    async def _wait_patiently(self, listener: Listener) -> None:
        await self.parts.clock.sleep(_PATIENCE_SECONDS)
        if not listener.is_reading:
            listener.settle()

    def _settle_after(self, work: Coroutine[None, None, object], listener: Listener) -> None:
        task = self._waits.spawn(work, name="web-reply")
        task.add_done_callback(lambda _: listener.settle())

    def _listener(self, thread: ThreadRef) -> Listener:
        return Listener(self._channels[thread.platform], thread)

    def _exchange(self, listener: Listener, key: int | None) -> Exchange:
        return Exchange(listener, self.parts.replies, key=key, pause_seconds=self.parts.pause_seconds)


def _is_same(before: AskedBefore, inbound: InboundMessage, kept_text: str) -> bool:
    """Whether it is the same message of the same person; one that was edited or taken back since is."""
    is_theirs = before.thread.key == inbound.thread.key and before.external_id == inbound.person.external_id
    return is_theirs and before.text in {None, kept_text}
