"""The one path of a message: accepted, answered in its thread's next turn, stored, delivered."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from source.domain.errors import EchoError, ModelRefusedError, ModelUnavailableError, StoreError
from source.domain.thread import ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, InboundMessage, UndeliveredReply
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.ports.store import TurnStore
from source.services.admission import Admission
from source.services.delivery import deliver
from source.services.turn import Answerer

log = structlog.get_logger(__name__)

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
    settled: asyncio.Future[None]
    told: bool = False

    def settle(self) -> None:
        if not self.settled.done():
            self.settled.set_result(None)


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

    def __init__(self, admission: Admission, store: TurnStore, answerer: Answerer, clock: Clock) -> None:
        self._admission = admission
        self._store = store
        self._answerer = answerer
        self._clock = clock
        self._boxes: dict[ThreadKey, _Mailbox] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, inbound: InboundMessage, channel: Channel) -> None:
        """Accept a message and return when it has been answered, or its sender told why not.

        Raises: RefusedInputError: it was not taken; its text is for the person.
            StoreError: it could not be made durable, so it was not taken.
        """
        self._admission.check(inbound)
        event = await self._store.accept(inbound)
        if event is None:
            log.info("repeat_ignored", platform=inbound.thread.platform.value)
            return
        await self._enqueue(event, channel)

    def stop(self, thread: ThreadKey) -> bool:
        """Stop the thread's running answer; what was said so far is kept. False when none is running."""
        return self._answerer.stop(thread)

    async def recover(self, channel: Channel) -> None:
        """Deliver and answer what a crash left undone on this channel's platform; return when that is done."""
        for undelivered in await self._store.undelivered():
            if undelivered.thread.platform == channel.platform:
                await self._deliver_again(undelivered, channel)
        unanswered = await self._store.unanswered(platform=channel.platform)
        if unanswered:
            log.info("answering_after_restart", messages=len(unanswered))
        await asyncio.gather(*(self._enqueue(event, channel) for event in unanswered))

    async def drain(self, deadline: timedelta) -> None:
        """Let running turns end, then stop what still runs; unanswered messages are answered at the next start."""
        for box in self._boxes.values():
            if box.retry is not None:
                box.retry.cancel()
        runners = [box.runner for box in self._boxes.values() if box.runner is not None]
        if runners:
            await asyncio.wait(runners, timeout=deadline.total_seconds())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _enqueue(self, event: AcceptedEvent, channel: Channel) -> asyncio.Future[None]:
        thread = event.inbound.thread
        box = self._boxes.setdefault(thread.key, _Mailbox(thread))
        waiting = _Waiting(event, channel, asyncio.get_running_loop().create_future())
        box.waiting.append(waiting)
        self._ensure_runner(box)
        return waiting.settled

    def _ensure_runner(self, box: _Mailbox) -> None:
        if box.runner is None:
            box.runner = self._spawn(self._run(box), name=f"turns-{box.thread.platform}-{box.thread.thread_id}")

    def _spawn(self, work: Coroutine[None, None, None], *, name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, box: _Mailbox) -> None:
        """Answer whatever waits in the thread, until nothing does."""
        try:
            while box.waiting:
                batch = [*box.kept, *box.waiting]
                box.kept, box.waiting = [], []
                try:
                    await self._turn(box, batch)
                finally:
                    for waiting in batch:
                        waiting.settle()
                if not box.failures:
                    await self._answerer.tidy(box.thread)
        finally:
            box.runner = None
            if not box.kept and self._boxes.get(box.thread.key) is box:
                del self._boxes[box.thread.key]

    async def _turn(self, box: _Mailbox, batch: list[_Waiting]) -> None:
        reply = batch[-1].channel.open_reply(box.thread)
        try:
            await self._answerer.answer(box.thread, [waiting.event for waiting in batch], reply)
        except EchoError as error:
            log.warning("turn_failed", error=type(error).__name__, reason=str(error), failures=box.failures + 1)
            sentence, retry_after = _explained(error)
        except Exception:
            log.exception("turn_broke", failures=box.failures + 1)
            sentence, retry_after = _BROKEN, None
        else:
            box.failures = 0
            return
        box.kept.extend(batch)
        box.failures += 1
        self._retry_later(box, retry_after)
        if not all(waiting.told for waiting in batch):
            for waiting in batch:
                waiting.told = True
            await reply.fail(sentence)

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
        reply = channel.open_reply(undelivered.thread)
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
