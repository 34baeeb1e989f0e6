"""The one path of a message: accepted, answered in its thread's next turn, stored, delivered."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import structlog

from source.domain.errors import EchoError, ModelRefusedError, ModelUnavailableError, StoreError
from source.domain.thread import ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, InboundMessage, UndeliveredReply
from source.ports.channel import Channel, LiveReply
from source.ports.clock import Clock
from source.ports.store import TurnStore
from source.services.admission import Admission
from source.services.delivery import deliver
from source.services.turn import Answerer

log = structlog.get_logger(__name__)
_T = TypeVar("_T")

_LATER = "I can't reach my language model right now. Your message is kept, and I will answer it as soon as I can."
_OPERATOR = "My operator has to look at my settings before I can answer. Your message is kept."
_UNSAVED = "I can't save anything right now. Your message is kept, and I will answer it as soon as I can."
_BROKEN = "Something went wrong on my side. Your message is kept, and I will try again."
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(minutes=10)


@dataclass(slots=True)
class _Waiting:
    """An accepted message on its way into a turn."""

    event: AcceptedEvent
    channel: Channel
    is_too_old: bool = False
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    told: bool = False


@dataclass(slots=True)
class _Mailbox:
    """What waits in one thread; `kept` are messages that a turn failed to answer."""

    thread: ThreadRef
    waiting: list[_Waiting] = field(default_factory=list)
    kept: list[_Waiting] = field(default_factory=list)
    runner: asyncio.Task[None] | None = None
    retry: asyncio.Task[None] | None = None
    failures: int = 0


class TurnService:
    """Runs the turns of all threads, one at a time in each; what arrives meanwhile is answered in the next."""

    def __init__(
        self, admission: Admission, store: TurnStore, answerer: Answerer, clock: Clock, *, answer_max_age: timedelta
    ) -> None:
        self._admission = admission
        self._store = store
        self._answerer = answerer
        self._clock = clock
        self._answer_max_age = answer_max_age
        self._boxes: dict[ThreadKey, _Mailbox] = {}
        self._in_hand: dict[int, _Waiting] = {}
        self._taken_since: list[set[int]] = []
        self._tasks: set[asyncio.Task[object]] = set()

    async def handle(self, inbound: InboundMessage, channel: Channel) -> None:
        """Accept a message and return when it has been answered, or its sender told why not.

        A caller that is cancelled takes nothing back: what is durable is answered all the same.

        Raises: RefusedInputError: it was not taken; its text is for the person.
            StoreError: it could not be made durable, so it was not taken.
        """
        self._admission.check(inbound)
        waiting = await asyncio.shield(self._spawn(self._accept(inbound, channel), name="accept"))
        if waiting is not None:
            await waiting.settled.wait()

    def stop(self, thread: ThreadKey) -> bool:
        """Stop the thread's running answer; what was said so far is kept. False when none is running."""
        return self._answerer.stop(thread)

    async def recover(self, channel: Channel) -> None:
        """Deliver and answer what a crash left undone on this channel's platform; return when that is done.

        Messages that have waited for longer than `answer_max_age` are not answered; who wrote them is told.
        Messages may come in meanwhile: those are not taken for left undone.
        """
        with self._noting_what_is_taken() as taken:
            undelivered = await self._store.undelivered()
            unanswered = await self._store.unanswered(platform=channel.platform)
            left = [event for event in unanswered if event.key not in taken]
            oldest = self._clock.now() - self._answer_max_age
        waiting = [self._enqueue(event, channel, is_too_old=event.accepted_at < oldest) for event in left]
        if left:
            log.info("answering_after_restart", messages=len(left))
        for reply in undelivered:
            if reply.thread.platform == channel.platform and taken.isdisjoint(reply.keys):
                await self._deliver_again(reply, channel)
        await asyncio.gather(*(each.settled.wait() for each in waiting))

    async def drain(self, deadline: timedelta) -> None:
        """Let running turns end, then stop what still runs; unanswered messages are answered at the next start."""
        for box in self._boxes.values():
            if box.retry is not None:
                box.retry.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=deadline.total_seconds())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for waiting in self._in_hand.values():
            waiting.settled.set()

    async def _accept(self, inbound: InboundMessage, channel: Channel) -> _Waiting | None:
        """Make a message durable and put it into its thread's mailbox; None when it is a repeat."""
        event = await self._store.accept(inbound)
        if event is None:
            log.info("repeat_ignored", platform=inbound.thread.platform.value)
            return None
        return self._enqueue(event, channel)

    def _enqueue(self, event: AcceptedEvent, channel: Channel, *, is_too_old: bool = False) -> _Waiting:
        present = self._in_hand.get(event.key)
        if present is not None:
            return present
        thread = event.inbound.thread
        box = self._boxes.setdefault(thread.key, _Mailbox(thread))
        waiting = self._in_hand[event.key] = _Waiting(event, channel, is_too_old)
        for taken in self._taken_since:
            taken.add(event.key)
        box.waiting.append(waiting)
        self._ensure_runner(box)
        return waiting

    @contextmanager
    def _noting_what_is_taken(self) -> Iterator[set[int]]:
        """Collect the keys of all events that are, or come, into this service's hands while the block runs.

        No turn begins meanwhile: what was left undone is older than what comes in, and is answered first.
        """
        taken = set(self._in_hand)
        self._taken_since.append(taken)
        try:
            yield taken
        finally:
            self._taken_since = [each for each in self._taken_since if each is not taken]
            for box in self._boxes.values():
                self._ensure_runner(box)

    def _ensure_runner(self, box: _Mailbox) -> None:
        if box.runner is None and box.waiting and not self._taken_since:
            box.runner = self._spawn(self._run(box), name=f"turns-{box.thread.platform}-{box.thread.thread_id}")

    def _spawn(self, work: Coroutine[None, None, _T], *, name: str) -> asyncio.Task[_T]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Whoever still waits for it is told as well; here it is kept from being told to nobody.
            log.debug("task_failed", task=task.get_name(), error=type(error).__name__)

    async def _run(self, box: _Mailbox) -> None:
        """Answer whatever waits in the thread, until nothing does."""
        try:
            while box.waiting:
                batch = sorted([*box.kept, *box.waiting], key=lambda waiting: waiting.event.key)
                box.kept, box.waiting = [], []
                await self._turn(box, batch)
                if not box.failures:
                    await self._tidy(box.thread)
        finally:
            box.runner = None
            if not box.kept and self._boxes.get(box.thread.key) is box:
                del self._boxes[box.thread.key]

    async def _turn(self, box: _Mailbox, batch: list[_Waiting]) -> None:
        """Answer a batch and settle it: it is stored then, or kept for another turn."""
        try:
            await self._answer(box, batch)
        except Exception:
            log.exception("delivery_broke")
        finally:
            for waiting in batch:
                waiting.settled.set()
            kept = {waiting.event.key for waiting in box.kept}
            for waiting in batch:
                if waiting.event.key not in kept:
                    self._in_hand.pop(waiting.event.key, None)

    async def _answer(self, box: _Mailbox, batch: list[_Waiting]) -> None:
        reply = batch[-1].channel.open_reply(box.thread, [waiting.event.key for waiting in batch])
        try:
            events = [waiting.event for waiting in batch]
            missed = all(waiting.is_too_old for waiting in batch)
            answer = await self._answerer.answer(box.thread, events, reply, missed=missed)
        except EchoError as error:
            # What only the operator can mend is shown wherever anything is.
            tell = log.error if isinstance(error, ModelRefusedError) else log.warning
            tell("turn_failed", error=type(error).__name__, reason=str(error), failures=box.failures + 1)
            await self._keep(box, batch, reply, *_explained(error))
        except Exception:
            log.exception("turn_broke", failures=box.failures + 1)
            await self._keep(box, batch, reply, _BROKEN, None)
        else:
            box.failures = 0
            if box.retry is not None:
                box.retry.cancel()
            # It is stored: whatever goes wrong from here on, it must not be answered again.
            await deliver(self._store, reply, answer.keys, answer.text, interrupted=answer.interrupted)

    async def _keep(
        self, box: _Mailbox, batch: list[_Waiting], reply: LiveReply, sentence: str, retry_after: timedelta | None
    ) -> None:
        """Keep messages that could not be answered, and tell those who wrote them once."""
        box.kept.extend(batch)
        box.failures += 1
        self._retry_later(box, retry_after)
        if not all(waiting.told for waiting in batch):
            for waiting in batch:
                waiting.told = True
            await reply.fail(sentence)

    async def _tidy(self, thread: ThreadRef) -> None:
        try:
            await self._answerer.tidy(thread)
        except Exception:  # the messages that wait in this thread must not wait for a summary that broke
            log.exception("tidy_broke")

    def _retry_later(self, box: _Mailbox, retry_after: timedelta | None) -> None:
        if box.retry is not None and not box.retry.done():
            return
        pause = min(_FIRST_RETRY * 2 ** min(box.failures - 1, 10), _LONGEST_RETRY)
        box.retry = self._spawn(self._retry(box, max(pause, retry_after or pause)), name="retry")

    async def _retry(self, box: _Mailbox, pause: timedelta) -> None:
        await self._clock.sleep(pause.total_seconds())
        box.retry = None
        if box.kept and box.runner is None:
            box.waiting, box.kept = [*box.kept, *box.waiting], []
            self._ensure_runner(box)

    async def _deliver_again(self, undelivered: UndeliveredReply, channel: Channel) -> None:
        reply = channel.open_reply(undelivered.thread, undelivered.keys)
        message = undelivered.message
        await deliver(self._store, reply, undelivered.keys, message.message_content, interrupted=message.interrupted)


def _explained(error: EchoError) -> tuple[str, timedelta | None]:
    match error:
        case ModelUnavailableError():
            return _LATER, error.retry_after
        case ModelRefusedError():
            return _OPERATOR, None
        case StoreError():
            return _UNSAVED, None
        case _:
            return _LATER, None
