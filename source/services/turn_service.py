"""The one path of a message: accepted, answered in its thread's next turn, stored, delivered."""

import asyncio
from collections.abc import Collection, Container, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Final

import structlog

from source.domain.errors import RefusedInputError
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, InboundKind, InboundMessage
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.ports.store import TurnStore
from source.services.admission import Admission
from source.services.attendance import ALWAYS_OPEN, Gate
from source.services.delivery import Deliveries
from source.services.mailbox import Waiting
from source.services.outgoing import outgoing_of
from source.services.owned_tasks import OwnedTasks
from source.services.scrubbing import AS_IT_IS, Keeping
from source.services.turn import NOTHING_TO_RETRY, Answerer
from source.services.turn_runner import TurnRunner
from source.services.withdrawal import Withdrawal

log = structlog.get_logger(__name__)

_ACCEPTED_WITHIN = timedelta(seconds=1)

_NOT_ALL = "I was away and could not take all that was written here meanwhile. {}"

_A_PERSON_ANSWERS = "A person answers here now: write what you want to say to them."

NOT_KEPT: Final = "Your message was not kept: send it again in a moment."
"""What is said to people when the store is away for a while."""


class TurnService:
    """Accepts messages and has them answered: one turn at a time in a thread, of all that waits there."""

    def __init__(
        self,
        admission: Admission,
        store: TurnStore,
        answerer: Answerer,
        clock: Clock,
        *,
        answer_max_age: timedelta,
        keeping: Keeping = AS_IT_IS,
        quiet: Mapping[Platform, timedelta] | None = None,
        gate: Gate = ALWAYS_OPEN,
        withdrawal: Withdrawal | None = None,
    ) -> None:
        """`quiet` is how long nothing new must come on a platform before what came is answered."""
        self._admission = admission
        self._store = store
        self._answerer = answerer
        self._clock = clock
        self._answer_max_age = answer_max_age
        self._keeping = keeping
        self._gate = gate
        withdraw = withdrawal.withdraw if withdrawal is not None else None
        self._deliveries = Deliveries(store, clock, gate=gate, withdraw=withdraw)
        self._turns = TurnRunner(answerer, self._deliveries, admission, clock, quiet=quiet)
        self._recovering = asyncio.Lock()
        self._accepting = OwnedTasks()
        self._channels: dict[Platform, Channel] = {}

    async def handle(self, inbound: InboundMessage, channel: Channel, *, is_unlimited: bool = False) -> None:
        """Accept a message and return when it has been answered, or its sender told why not.

        Otherwise as `accept`.
        """
        waiting = await self.accept(inbound, channel, is_unlimited=is_unlimited)
        if waiting is not None:
            await waiting.settled.wait()

    async def accept(self, inbound: InboundMessage, channel: Channel, *, is_unlimited: bool = False) -> Waiting | None:
        """Accept a message, to be answered on the channel; return how it waits for that, None for a repeat.

        A caller that is cancelled takes nothing back: what is durable is answered all the same. Who is
        `is_unlimited` may send and cause any number.

        Raises: RefusedInputError: it was not taken; its text is for the person.
            StoreError: it could not be made durable, so it was not taken.
        """
        # What a person answers costs nothing here, and must reach them.
        is_free = self._gate.is_held(inbound.thread.key)
        self._admission.take(inbound, is_unlimited=is_unlimited or is_free)
        return await asyncio.shield(self._accepting.spawn(self._accept(inbound, channel), name="accept"))

    def refusal_of(self, inbound: InboundMessage, *, is_unlimited: bool = False) -> str | None:
        """Return why `handle` would refuse this message now, as a sentence for its sender; None: it would not.

        Nothing is counted: a channel asks before it opens a place for the answer.
        """
        try:
            self._admission.check(inbound, is_unlimited=is_unlimited)
        except RefusedInputError as error:
            return str(error)
        return None

    async def take(
        self, inbounds: Sequence[InboundMessage], channel: Channel, *, unlimited: Container[str] = ()
    ) -> None:
        """Accept what was said while Echo was away, in its order, and return when it has been answered.

        What one thread has of it is answered together; who wrote before `answer_max_age` is told so instead.
        Repeats are left out; a thread of whose messages some are refused is told so once. No limit binds who
        sent the `unlimited`, by their event ids.

        Raises: StoreError: not all of it could be made durable; what could be is answered.
        """
        refusals = {each.event_id: self._late_refusal(each, unlimited) for each in inbounds}
        admitted = [inbound for inbound in inbounds if refusals[inbound.event_id] is None]
        work = self._accept_together(admitted, channel)
        waiting = await asyncio.shield(self._accepting.spawn(work, name="catch-up"))
        log.info("caught_up", messages=len(waiting), refused=len(inbounds) - len(admitted))
        told = {each.thread.key: (each.thread, text) for each in inbounds if (text := refusals[each.event_id])}
        telling = (_tell(channel, thread, _NOT_ALL.format(text)) for thread, text in told.values())
        await asyncio.gather(*telling, *(each.settled.wait() for each in waiting))

    def stop(self, thread: ThreadKey, *, answering: int | None = None) -> bool:
        """Stop the thread's running answer; what was said so far is kept. False when none is running.

        With the key of an event only an answer to that one is stopped, not one that has begun since.
        """
        return self._answerer.stop(thread, answering=answering)

    def is_attended(self, thread: ThreadKey) -> bool:
        """Whether a person answers in this thread now."""
        return self._gate.is_held(thread)

    async def step_back(self, thread: ThreadRef) -> None:
        """A person answers here from now on: say nothing more, neither what is being made nor what is on its way.

        Raises: StoreError: nothing is said all the same.
        """
        self._answerer.stop(thread.key)
        self._turns.hurry(thread.key)  # it is heard now, and not answered once the person is done
        await self._deliveries.step_back(thread)

    def expecting(self, thread: ThreadKey) -> AbstractContextManager[None]:
        """Answer nothing in this thread while the block runs: it accepts something that is answered with the rest."""
        return self._turns.expecting(thread)

    def forget(self, thread: ThreadKey, message_ids: Collection[int]) -> None:
        """Deliver no more what the store has no more."""
        self._deliveries.forget(thread, message_ids)

    @property
    def deliveries(self) -> Deliveries:
        """What replies go out through, in each thread in order."""
        return self._deliveries

    def channel_of(self, platform: Platform) -> Channel | None:
        """Return where replies of this platform go; None: nobody has come from there yet."""
        return self._channels.get(platform)

    def is_busy(self, thread: ThreadKey) -> bool:
        """Whether something waits in a thread for its answer, or is being answered there."""
        return thread in self._turns

    def moved(self, gone: ThreadKey, kept: ThreadRef) -> None:
        """What was said in the one thread has become a part of the other."""
        self._deliveries.moved(gone, kept)

    def correct(self, event: AcceptedEvent, *, is_withdrawn: bool = False) -> None:
        """Answer an accepted message that still waits as it reads now, or not at all."""
        self._turns.correct(event, is_withdrawn=is_withdrawn)

    async def recover(self, channel: Channel) -> None:
        """Deliver and answer what was left undone on this channel's platform; return when that is done.

        For the start and for every time that the channel is there again: what is in hand is left alone.
        Messages that were said before `answer_max_age` are not answered; who wrote them is told.
        """
        self._channels[channel.platform] = channel
        self._turns.begin(channel.platform)
        async with self._recovering:
            waiting = await self._take_what_was_left(channel)
        if waiting:
            log.info("answering_after_restart", messages=len(waiting))
        await asyncio.gather(self._deliveries.flush_all(channel), *(each.settled.wait() for each in waiting))

    async def drain(self, deadline: timedelta, *platforms: Platform) -> None:
        """Let the running turns of these platforms, or of all, end, and cut short what still runs.

        A channel calls this while it can still be written to: who sees a reply begun is told that its end comes
        later. Whatever has no answer is answered at the next start, or once `recover` is called again.
        """
        if not platforms:
            # What is being written is not cut short: it is durable in a moment.
            await self._accepting.drain(max(deadline, _ACCEPTED_WITHIN))
        await self._turns.drain(deadline, platforms or tuple(Platform))
        await self._deliveries.stop(platforms or tuple(Platform))

    async def _accept(self, inbound: InboundMessage, channel: Channel) -> Waiting | None:
        """Make a message durable and put it into its thread's mailbox; None when it is a repeat."""
        event = None
        try:
            if inbound.kind is InboundKind.RETRY:
                await self._refuse_retry_of_nothing(inbound.thread)
            event = await self._kept(inbound)
        finally:
            if event is None:
                self._admission.give_back(inbound)
        if event is None:
            log.info("repeat_ignored", platform=inbound.thread.platform.value)
            return None
        return self._turns.add(Waiting(event, channel))

    async def _kept(self, inbound: InboundMessage) -> AcceptedEvent | None:
        return await self._store.accept(await self._keeping.inbound(inbound))

    async def _refuse_retry_of_nothing(self, thread: ThreadRef) -> None:
        if self._gate.is_held(thread.key):
            raise RefusedInputError(_A_PERSON_ANSWERS)
        if thread.key not in self._turns and not await self._answerer.can_retry(thread):
            raise RefusedInputError(NOTHING_TO_RETRY)

    def _late_refusal(self, inbound: InboundMessage, unlimited: Container[str]) -> str | None:
        try:
            is_free = inbound.event_id in unlimited or self._gate.is_held(inbound.thread.key)
            self._admission.take_late(inbound, is_unlimited=is_free)
        except RefusedInputError as error:
            return str(error)
        return None

    async def _accept_together(self, inbounds: Sequence[InboundMessage], channel: Channel) -> list[Waiting]:
        """Make messages durable and put those that are new into their mailboxes before any turn begins."""
        with self._turns.holding():
            accepted = await asyncio.gather(*map(self._kept, inbounds), return_exceptions=True)
            events = [event for event in accepted if isinstance(event, AcceptedEvent)]
            waiting = [self._turns.add(self._waiting(event, channel, is_caught_up=True)) for event in events]
        for failure in accepted:
            if isinstance(failure, BaseException):
                raise failure
        return waiting

    async def _take_what_was_left(self, channel: Channel) -> list[Waiting]:
        """Take into hand what the store has of this platform and nobody has in hand; return what is to be answered."""
        with self._turns.holding() as taken:
            taken.update(self._deliveries.keys)
            undelivered = await self._store.undelivered()
            unanswered = await self._store.unanswered(platform=channel.platform)
            left = [event for event in unanswered if event.key not in taken]
            for reply in undelivered:
                if reply.thread.platform == channel.platform and taken.isdisjoint(reply.keys):
                    self._deliveries.add(channel, outgoing_of(reply))
            return [self._turns.add(self._waiting(event, channel)) for event in left]

    def _waiting(self, event: AcceptedEvent, channel: Channel, *, is_caught_up: bool = False) -> Waiting:
        is_too_old = event.said_at < self._clock.now() - self._answer_max_age
        return Waiting(event, channel, is_too_old=is_too_old, is_caught_up=is_caught_up)


async def _tell(channel: Channel, thread: ThreadRef, sentence: str) -> None:
    try:
        await channel.open_reply(thread).fail(sentence)
    except Exception:  # what was taken must not suffer from what was not
        log.exception("channel_broke")
