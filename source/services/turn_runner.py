"""Runs the turns of all threads, one at a time in each."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import structlog

from source.domain.errors import EchoError, ModelRefusedError, ModelUnavailableError, StoreError
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent
from source.ports.clock import Clock
from source.services.admission import Admission
from source.services.answers import Answer
from source.services.delivery import Deliveries
from source.services.expected import Expected
from source.services.in_hand import InHand
from source.services.mailbox import Batch, Mailbox, Waiting
from source.services.outgoing import Outgoing
from source.services.owned_tasks import OwnedTasks
from source.services.pauses import pause_after
from source.services.turn import Answerer
from source.services.turn_gate import TurnGate

log = structlog.get_logger(__name__)

_LATER = "I can't reach my language model right now. Your message is kept, and I will answer it as soon as I can."
_OPERATOR = "My operator has to look at my settings before I can answer. Your message is kept."
_UNSAVED = "I can't save anything right now. Your message is kept, and I will answer it as soon as I can."
_BROKEN = "Something went wrong on my side. Your message is kept, and I will try again."
_ENDING = "I am being restarted. Your message is kept, and I will answer it when I am back."
_LAST_WORD = timedelta(seconds=5)
_MOST_PAUSES = 2


class TurnRunner:
    """Has whatever waits in a thread answered together, stored and delivered; what fails is tried again later."""

    def __init__(
        self,
        answerer: Answerer,
        deliveries: Deliveries,
        admission: Admission,
        clock: Clock,
        *,
        quiet: Mapping[Platform, timedelta] | None = None,
    ) -> None:
        self._answerer = answerer
        self._deliveries = deliveries
        self._admission = admission
        self._clock = clock
        self._quiet = quiet or {}
        self._tasks = OwnedTasks()
        self._gate = TurnGate(self._tasks)
        self._in_hand = InHand()
        self._boxes: dict[ThreadKey, Mailbox] = {}
        self._expected = Expected()
        self._ended: set[Platform] = set()

    def __contains__(self, thread: object) -> bool:
        """Whether something waits in this thread or is being answered there."""
        return thread in self._boxes

    def add(self, waiting: Waiting) -> Waiting:
        """Have an event answered; return how it waits, which is as before when it was in hand already.

        On a platform that has ended nobody waits: the event is answered at the next start.
        """
        if waiting.event.inbound.thread.platform in self._ended:
            waiting.settled.set()
            return waiting
        present = self._in_hand.add(waiting)
        if present is waiting:
            thread = waiting.event.inbound.thread
            quiet = self._quiet.get(thread.platform, timedelta(0))
            box = self._boxes.setdefault(thread.key, Mailbox(thread, quiet))
            box.waiting.append(waiting)
            self._ensure_runner(box)
        return present

    def correct(self, event: AcceptedEvent, *, is_withdrawn: bool) -> None:
        """Answer an event that still waits as it reads now, or not at all."""
        self._in_hand.correct(event, is_withdrawn=is_withdrawn)

    @contextmanager
    def holding(self) -> Iterator[set[int]]:
        """Collect the keys of all events that are, or come, into hand while the block runs; no turn begins in it."""
        try:
            with self._in_hand.holding() as taken:
                yield taken
        finally:
            for box in self._boxes.values():
                self._ensure_runner(box)

    def hurry(self, thread: ThreadKey) -> None:
        """Take up at once what a turn in this thread failed to answer."""
        box = self._boxes.get(thread)
        if box is not None and box.retry is not None:
            box.retry.cancel()
            self._try_again(box)

    def expecting(self, thread: ThreadKey) -> AbstractContextManager[None]:
        """Begin no turn in this thread while the block runs, which makes something ready that belongs to it."""
        return self._expected.on_its_way(thread)

    def begin(self, platform: Platform) -> None:
        """Answer what comes from this platform, also if it had ended."""
        self._ended.discard(platform)

    async def drain(self, deadline: timedelta, platforms: Collection[Platform]) -> None:
        """Let the platforms' running turns end, then stop what still runs, and let nobody wait any longer."""
        boxes = [box for box in self._boxes.values() if box.thread.platform in platforms]
        await _end([box.retry for box in boxes if box.retry is not None], timedelta(0))
        await _end([box.runner for box in boxes if box.runner is not None], deadline)
        self._ended.update(platforms)
        begun = [box.runner for box in self._boxes.values() if box.thread.platform in platforms]
        await _end([runner for runner in begun if runner is not None], timedelta(0))
        for waiting in self._in_hand.all():
            if waiting.event.inbound.thread.platform in platforms:
                self._let_go(waiting)

    def _let_go(self, waiting: Waiting) -> None:
        """Have it answered at the next start."""
        self._boxes.pop(waiting.event.inbound.thread.key, None)
        self._in_hand.release(waiting)
        waiting.settled.set()

    def _ensure_runner(self, box: Mailbox) -> None:
        is_ended = box.thread.platform in self._ended
        if box.runner is None and box.waiting and not self._in_hand.is_held and not is_ended:
            name = f"turns-{box.thread.platform}-{box.thread.thread_id}"
            box.runner = self._tasks.spawn(self._run(box), name=name)

    async def _run(self, box: Mailbox) -> None:
        """Answer whatever waits in the thread, until nothing does."""
        try:
            while box.waiting:
                await self._until_quiet(box)
                await self._gate.passed()
                await self._turn(box, box.next_batch())
                if not box.failures:
                    await self._tidy(box.thread)
        finally:
            box.runner = None
            if not box.kept and self._boxes.get(box.thread.key) is box:
                del self._boxes[box.thread.key]

    async def _until_quiet(self, box: Mailbox) -> None:
        """Let somebody who writes in several messages end; whoever never pauses is answered all the same."""
        for _ in range(_MOST_PAUSES):
            await self._expected.arrived(box.thread.key)
            pause = box.seconds_until_quiet(self._clock.now())
            if not pause:
                return
            await self._clock.sleep(pause)
        await self._expected.arrived(box.thread.key)

    async def _turn(self, box: Mailbox, batch: Batch) -> None:
        """Answer a batch and settle it: it is stored then, or kept for another turn."""
        try:
            await self._deliveries.flush(box.thread.key)
            answer = await self._answered(box, batch)
            if answer is not None:
                answered = set(answer.keys)
                box.waiting[:0] = [each for each in batch.remaining if each.event.key not in answered]
                await self._deliver(batch, answer)
        except Exception:
            log.exception("channel_broke")
        finally:
            for waiting in batch.waiting:
                if waiting in box.waiting:  # it was not answered after all
                    continue
                waiting.settled.set()
                if waiting not in box.kept:
                    self._in_hand.release(waiting)

    async def _answered(self, box: Mailbox, batch: Batch) -> Answer | None:
        """Return the stored answer; None when nothing is to be delivered: all was withdrawn, or it failed."""
        try:
            answer = await self._answerer.answer(batch)
        except asyncio.CancelledError:
            await self._cut_short(batch)
            raise
        except EchoError as error:
            # What only the operator can mend is shown wherever anything is.
            tell = log.error if isinstance(error, ModelRefusedError) else log.warning
            tell("turn_failed", error=type(error).__name__, reason=str(error), failures=box.failures + 1)
            await self._keep(box, batch, *_explained(error))
        except Exception:
            log.exception("turn_broke", failures=box.failures + 1)
            await self._keep(box, batch, _BROKEN, None)
        else:
            box.failures = 0
            if box.retry is not None:
                box.retry.cancel()
            return answer
        return None

    async def _cut_short(self, batch: Batch) -> None:
        """Say under what was shown that its end comes later."""
        if not batch.is_open:
            return
        try:
            async with asyncio.timeout(_LAST_WORD.total_seconds()):
                await batch.reply.fail(_ENDING)
        except Exception:  # the end must not fail, or it would be taken for an answer that goes on
            log.exception("channel_broke")

    async def _deliver(self, batch: Batch, answer: Answer) -> None:
        """Deliver what is stored: whatever goes wrong from here on, it must not be answered again."""
        thread = batch.thread
        self._admission.spend(thread.platform, answer.usage)
        self._deliveries.forget(thread.key, answer.superseded)
        keys = tuple(sorted(answer.keys))  # a reply is known by its first: so they are read back after a restart
        outgoing = Outgoing(keys, thread, answer.text, answer.interrupted, answer.message_id)
        await self._deliveries.deliver(batch.channel, batch.reply, outgoing)

    async def _keep(self, box: Mailbox, batch: Batch, sentence: str, retry_after: timedelta | None) -> None:
        """Keep messages that could not be answered, and tell those who wrote them once."""
        box.kept.extend(batch.remaining)
        box.failures += 1
        self._retry_later(box, retry_after)
        if batch.is_open or not batch.is_told:
            for waiting in batch.waiting:
                waiting.is_told = True
            await batch.reply.fail(sentence)

    async def _tidy(self, thread: ThreadRef) -> None:
        try:
            await self._answerer.tidy(thread)
        except Exception:  # the messages that wait in this thread must not wait for a summary that broke
            log.exception("tidy_broke")

    def _retry_later(self, box: Mailbox, retry_after: timedelta | None) -> None:
        if box.retry is not None and not box.retry.done():
            return
        pause = pause_after(box.failures)
        box.retry = self._tasks.spawn(self._retry(box, max(pause, retry_after or pause)), name="retry")

    async def _retry(self, box: Mailbox, pause: timedelta) -> None:
        await self._clock.sleep(pause.total_seconds())
        self._try_again(box)

    def _try_again(self, box: Mailbox) -> None:
        box.retry = None
        if box.kept and box.runner is None:
            box.waiting, box.kept = [*box.kept, *box.waiting], []
            self._ensure_runner(box)


async def _end(tasks: Collection[asyncio.Task[None]], deadline: timedelta) -> None:
    """Let the tasks end, then stop those that still run."""
    if tasks:
        await asyncio.wait(tasks, timeout=deadline.total_seconds())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
