"""Talking with Echo over HTTP: what is said, what comes back, and what was left."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.adapters.web.chat_channel import Listener, WebChannel
from source.adapters.web.chat_exchange import CommandExchange, Exchange, Replies
from source.adapters.web.error_statuses import answer_to
from source.adapters.web.problems import Problem
from source.domain.errors import EchoError, StoreUnavailableError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage
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
        return self._exchange(listener, waiting.event.key, lambda: waiting.is_heard)

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
        return self._exchange(listener, before.key, lambda: before.is_over)

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

    def _exchange(self, listener: Listener, key: int | None, is_heard: Callable[[], bool] | None = None) -> Exchange:
        return Exchange(
            listener, self.parts.replies, key=key, is_heard=is_heard, pause_seconds=self.parts.pause_seconds
        )


def _is_same(before: AskedBefore, inbound: InboundMessage, kept_text: str) -> bool:
    """Whether it is the same message of the same person; one that was edited or taken back since is."""
    is_theirs = before.thread.key == inbound.thread.key and before.external_id == inbound.person.external_id
    return is_theirs and before.text in {None, kept_text}
