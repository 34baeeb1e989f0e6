"""Hands stored replies to their channel, in order, for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from source.domain.errors import (
    DeliveryError,
    DeliveryParkedError,
    DeliveryRefusedError,
    StoreError,
    UndeliverableError,
)
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.channel import Channel, LiveReply
from source.ports.clock import Clock
from source.ports.store import TurnStore
from source.services.attendance import ALWAYS_OPEN, Gate
from source.services.mailbox import LateReply
from source.services.outgoing import Fate, Outgoing, outgoing_of
from source.services.pauses import pause_after

log = structlog.get_logger(__name__)

# A day of trying: whatever is in the way then, the next start asks once more anyway.
_MOST_TRIES = 150


async def announce(reply: LiveReply, line: str) -> None:
    """Show a line that is no part of the reply; a channel that cannot take it gets the reply all the same."""
    try:
        await reply.notice(line)
    except DeliveryError as error:
        log.warning("notice_undelivered", error=str(error))


_TRIED_AGAIN = frozenset({Fate.REFUSED, Fate.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class _Parked:
    """The replies of one thread that its channel has parked, by the first events that they answer."""

    channel: Channel
    keys: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class _Late:
    """A reply that waits; `begun` is there until its first try, if its channel shows some of it already."""

    outgoing: Outgoing
    begun: LiveReply | None = None


@dataclass(slots=True)
class _Queue:
    """The replies of one thread that have not arrived, oldest first; `is_stuck` when the channel is out of reach."""

    thread: ThreadKey
    channel: Channel
    replies: list[_Late] = field(default_factory=list)
    is_stuck: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    redelivery: asyncio.Task[None] | None = None


class Deliveries:
    """Delivers replies; what a channel refuses is tried again after a pause, and before anything newer.

    What a channel has parked is tried with the next `flush` of its thread alone; until then the store has it.
    """

    def __init__(
        self,
        store: TurnStore,
        clock: Clock,
        *,
        gate: Gate = ALWAYS_OPEN,
        withdraw: Callable[[ThreadRef, Collection[int]], Awaitable[Collection[int]]] | None = None,
    ) -> None:
        """Where the `gate` is held nothing is handed over any more: `withdraw` takes it back, and returns the ids.

        It is told which events have replies that are being read already.
        """
        self._store = store
        self._clock = clock
        self._gate = gate
        self._withdraw = withdraw
        self._queues: dict[ThreadKey, _Queue] = {}
        self._parked: dict[ThreadKey, _Parked] = {}
        self._unparking = asyncio.Lock()
        self._unnoted: set[int] = set()
        self._going_out: set[int] = set()

    @property
    def keys(self) -> set[int]:
        """The events whose replies wait here, or have arrived without the store knowing it."""
        waiting = (late.outgoing.keys for queue in self._queues.values() for late in queue.replies)
        return self._unnoted.union(*waiting)

    def has_parked(self, thread: ThreadKey) -> bool:
        """Whether something waits in this thread until its person writes."""
        return thread in self._parked

    def park(self, channel: Channel, thread: ThreadKey, key: int) -> None:
        """Deliver the reply to this event, which the store has as undelivered, with the next `flush` of its thread."""
        self._parked.setdefault(thread, _Parked(channel)).keys.add(key)

    def moved(self, gone: ThreadKey, kept: ThreadRef) -> None:
        """Deliver in the one thread what waited in the other, which has become a part of it."""
        if (parked := self._parked.pop(gone, None)) is not None:
            self._parked.setdefault(kept.key, _Parked(parked.channel)).keys.update(parked.keys)
        if (queue := self._queues.get(gone)) is None or queue.lock.locked():  # it ends there
            return
        for late in tuple(queue.replies):
            self._take_out(queue, late)
            self.add(queue.channel, replace(late.outgoing, thread=kept), begun=late.begun)
        if (waiting := self._queues.get(kept.key)) is not None:
            waiting.replies.sort(key=_age_of)

    async def deliver(self, channel: Channel, reply: LiveReply, outgoing: Outgoing) -> Fate:
        """Deliver a reply that its channel shows already; it waits for what is older and may still arrive.

        Returns what became of it now: what is neither settled nor parked nor lost is tried again by itself.
        """
        thread = outgoing.thread.key
        await self.flush(thread)
        if (queue := self._queues.get(thread)) is not None and queue.is_stuck:
            self.add(channel, outgoing, begun=reply)
            return Fate.UNREACHABLE
        fate = await self._hand_over(channel, reply, outgoing)
        if fate in _TRIED_AGAIN:
            self.add(channel, outgoing)
        return fate

    def add(self, channel: Channel, outgoing: Outgoing, *, begun: LiveReply | None = None) -> None:
        """Deliver a reply later: with the next `flush` of its thread or after a pause, whichever comes first."""
        thread = outgoing.thread.key
        queue = self._queues.setdefault(thread, _Queue(thread, channel))
        queue.replies.append(_Late(outgoing, begun))
        if queue.redelivery is None:
            work = self._redeliver(queue)
            queue.redelivery = asyncio.get_running_loop().create_task(work, name=f"redelivery-{thread.thread_id}")

    async def flush(self, thread: ThreadKey) -> None:
        """Try at once what waits in this thread; what is refused again goes on waiting."""
        if thread in self._parked:
            await self._unpark(thread)
        queue = self._queues.get(thread)
        if queue is not None:
            await self._empty(queue)

    async def flush_all(self, channel: Channel) -> None:
        """Try at once what waits on this channel's platform."""
        if self._unnoted:
            await self._note_delivered(self._unnoted.copy())
        queues = [queue for thread, queue in self._queues.items() if thread.platform == channel.platform]
        for queue in queues:
            queue.channel = channel
        await asyncio.gather(*(self._empty(queue) for queue in queues))

    def forget(self, thread: ThreadKey, message_ids: Collection[int]) -> None:
        """Deliver no more what the store has as superseded."""
        queue = self._queues.get(thread)
        if queue is not None:
            for late in [late for late in queue.replies if late.outgoing.message_id in message_ids]:
                self._take_out(queue, late)

    async def stop(self, platforms: Collection[Platform]) -> None:
        """Try nothing again on these platforms; what has not arrived is delivered at the next start."""
        queues = [queue for thread, queue in self._queues.items() if thread.platform in platforms]
        tasks = [queue.redelivery for queue in queues if queue.redelivery is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for queue in queues:
            self._queues.pop(queue.thread, None)
        self._parked = {thread: each for thread, each in self._parked.items() if thread.platform not in platforms}

    async def _unpark(self, thread: ThreadKey) -> None:
        """Put what is parked in a thread before whatever else waits there."""
        async with self._unparking:
            parked = self._parked.get(thread)
            if parked is None:
                return
            try:
                undelivered = await self._store.undelivered(thread)
            except StoreError as error:
                log.warning("parked_not_read", error=str(error))
                return
            self._parked.pop(thread, None)
            taken = self.keys
            for reply in undelivered:
                if not parked.keys.isdisjoint(reply.keys) and taken.isdisjoint(reply.keys):
                    self.add(parked.channel, outgoing_of(reply))
            if (queue := self._queues.get(thread)) is not None:
                queue.replies.sort(key=_age_of)

    async def _redeliver(self, queue: _Queue) -> None:
        for failures in range(1, _MOST_TRIES):
            await self._clock.sleep(pause_after(failures).total_seconds())
            await self._empty(queue)
            if not queue.replies:
                return
        log.error("redelivery_given_up", replies=len(queue.replies))
        if self._queues.get(queue.thread) is queue:
            del self._queues[queue.thread]

    async def _empty(self, queue: _Queue) -> None:
        """Deliver what waits, in order: what is refused is passed over, where nothing can be reached it ends."""
        async with queue.lock:
            queue.is_stuck = False
            for late in tuple(queue.replies):
                if late not in queue.replies:  # it was superseded meanwhile
                    continue
                outgoing = late.outgoing
                again = LateReply(partial(queue.channel.open_reply, outgoing.thread, outgoing.keys))
                begun, late.begun = late.begun, None
                fate = await self._hand_over(queue.channel, begun or again, outgoing)
                if fate not in _TRIED_AGAIN:
                    self._take_out(queue, late)
                elif fate is Fate.UNREACHABLE:
                    queue.is_stuck = True
                    return

    def _take_out(self, queue: _Queue, late: _Late) -> None:
        """Nothing has to be done for this reply any more, and without it perhaps not for its thread."""
        if late in queue.replies:
            queue.replies.remove(late)
        if not queue.replies and self._queues.get(queue.thread) is queue:
            del self._queues[queue.thread]
            if queue.redelivery is not None and queue.redelivery is not asyncio.current_task():
                queue.redelivery.cancel()

    async def step_back(self, thread: ThreadRef) -> None:
        """Take back whatever has not been handed over in this thread.

        Raises: StoreError: it is tried again before it would be handed over.
        """
        if self._withdraw is not None:
            self.forget(thread.key, await self._withdraw(thread, self._going_out | self._unnoted))

    async def _withhold(self, reply: LiveReply, outgoing: Outgoing) -> Fate:
        try:
            await self.step_back(outgoing.thread)
        except StoreError as error:
            log.warning("reply_not_withdrawn", error=str(error))
            return Fate.REFUSED
        await reply.fail("")
        log.info("reply_withheld", events=len(outgoing.keys))
        return Fate.SETTLED

    async def _hand_over(self, channel: Channel, reply: LiveReply, outgoing: Outgoing) -> Fate:
        if not outgoing.is_of_business and self._gate.is_held(outgoing.thread.key):
            return await self._withhold(reply, outgoing)
        self._going_out.update(outgoing.keys)
        try:
            return await self._handed_over(channel, reply, outgoing)
        finally:
            self._going_out.difference_update(outgoing.keys)

    async def _handed_over(self, channel: Channel, reply: LiveReply, outgoing: Outgoing) -> Fate:
        fate = Fate.SETTLED
        try:
            await reply.deliver(outgoing.text, interrupted=outgoing.interrupted)
        except UndeliverableError as error:
            log.warning("reply_undeliverable", events=len(outgoing.keys), error=str(error))
            fate = Fate.LOST
        except DeliveryParkedError as error:
            log.info("reply_parked", events=len(outgoing.keys), reason=str(error))
            self.park(channel, outgoing.thread.key, outgoing.keys[0])
            return Fate.ASKED_FOR if error.is_told else Fate.PARKED
        except DeliveryError as error:
            log.warning("reply_undelivered", events=len(outgoing.keys), error=str(error))
            return Fate.REFUSED if isinstance(error, DeliveryRefusedError) else Fate.UNREACHABLE
        except Exception:  # it is stored: whatever the channel's fault is, it must not be answered again
            log.exception("delivery_broke", events=len(outgoing.keys))
            return Fate.REFUSED
        await self._note_delivered(outgoing.keys)
        return fate

    async def _note_delivered(self, keys: Iterable[int]) -> None:
        noted = tuple(sorted(keys))
        try:
            await self._store.mark_delivered(noted)
        except StoreError as error:
            # After a restart it is delivered once more: twice is better than never.
            self._unnoted.update(noted)
            log.warning("delivery_not_noted", events=len(noted), error=str(error))
        else:
            self._unnoted.difference_update(noted)


def _age_of(late: _Late) -> tuple[int, ...]:
    return late.outgoing.keys
