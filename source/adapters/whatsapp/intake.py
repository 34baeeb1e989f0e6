"""From what Meta delivered to what Echo does: each thing once, each person's in order."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from source.adapters.whatsapp.identities import Identities
from source.adapters.whatsapp.items import Handler, Item, Kept, thread_of
from source.adapters.whatsapp.reading.messages import SAID
from source.adapters.whatsapp.reply import WhatsAppChannel
from source.adapters.whatsapp.typing_sign import TypingSign
from source.domain.errors import RefusedInputError, StoreError
from source.domain.thread import Platform
from source.ports.clock import Clock
from source.ports.history import HistoryNews
from source.ports.webhooks import Arrived, Delivered, WebhookStore
from source.services.keyed_locks import KeyedLocks
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500
# A chunk of the history holds thousands: what others write comes in between.
_WRITTEN_AT_ONCE: Final = 100
_RETRY_SECONDS: Final = 5.0
_BROKEN: Final = "Something went wrong on my side, and I could not do that. Please try again in a moment."


@dataclass(frozen=True, slots=True)
class IntakeParts:
    """What taking in works with; `handlers` are by the kind of what they see to, `ahead` is told what waits for one."""

    webhooks: WebhookStore
    handlers: Mapping[str, Handler]
    channel: WhatsAppChannel
    sign: TypingSign
    clock: Clock
    identities: Identities
    ahead: Callable[[Kept], None] = lambda _: None


class Intake:
    """Keeps what was delivered, then sees to it in the background; what was kept survives the process."""

    def __init__(self, parts: IntakeParts) -> None:
        self._parts = parts
        self._tasks = OwnedTasks()
        self._people = KeyedLocks()
        self._in_hand: set[int] = set()
        self._is_taken_up = asyncio.Event()

    async def keep(self, items: Sequence[Item]) -> int:
        """Make durable what is new, and have it seen to; return how much that was.

        Raises: StoreError: not all of it was kept.
        """
        now = self._parts.clock.now()
        kept: list[Delivered] = []
        try:
            for start in range(0, len(items), _WRITTEN_AT_ONCE):
                kept += await self._kept(items[start : start + _WRITTEN_AT_ONCE], now)
        finally:
            self._begin(kept)
        return len(kept)

    async def _kept(self, items: Sequence[Item], now: datetime) -> list[Delivered]:
        """Make some durable in one write; return what is to be seen to."""
        arrived = await self._parts.webhooks.take_in(Platform.WHATSAPP, [each.as_arrival(now) for each in items])
        noted = (self._note(item, each) for item, each in zip(items, arrived, strict=True) if each is not None)
        return [each for each in noted if each is not None]

    def _note(self, item: Item, arrived: Arrived) -> Delivered | None:
        """Tell whoever remembers something of it in this process; return it if it is to be seen to."""
        self._parts.identities.merging.note(arrived.contact)
        if item.wamid is not None:
            self._parts.sign.heard(thread_of(arrived.contact.contact_id), item.wamid)
        self._parts.channel.heard(arrived.contact)
        if arrived.wrote is not None:
            self._parts.channel.wrote(arrived.wrote)
        return arrived.delivered

    async def note(self, news: Sequence[HistoryNews]) -> None:
        """Keep how far the telling of what was said before has come.

        Raises: StoreError.
        """
        await self._parts.identities.history.note(news)

    def holding(self, contact_id: int) -> AbstractAsyncContextManager[None]:
        """Have whatever else comes from somebody wait."""
        return self._people.hold(str(contact_id))

    async def take_up(self) -> None:
        """See to what an earlier process has kept; what comes meanwhile is kept and waits, for it is newer.

        Raises: StoreError.
        """
        while True:
            kept = await self._parts.webhooks.kept(Platform.WHATSAPP, limit=_AT_ONCE)
            new = [each for each in kept if each.number not in self._in_hand]
            if not new:
                self._is_taken_up.set()
                return
            await asyncio.gather(*self._begin(new, is_earlier=True))

    async def close(self, deadline: timedelta) -> None:
        """Let what has begun end; the rest is taken up by the next process."""
        await self._tasks.close(deadline)

    def _begin(self, delivered: Sequence[Delivered], *, is_earlier: bool = False) -> list[asyncio.Task[None]]:
        by_person: defaultdict[int, list[Kept]] = defaultdict(list)
        for each in delivered:
            self._in_hand.add(each.number)
            kept = self._as_now(Kept.of(each))
            self._parts.ahead(kept)
            by_person[kept.contact_id].append(kept)
        see_to = self._see_to if is_earlier else self._see_to_in_turn
        return [self._spawn(see_to(who, sorted(theirs, key=_moment_of))) for who, theirs in by_person.items()]

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        return self._tasks.spawn(work, name="whatsapp-intake")

    async def _see_to_in_turn(self, person: int, theirs: Sequence[Kept]) -> None:
        await self._is_taken_up.wait()
        await self._see_to(person, theirs)

    def _as_now(self, kept: Kept) -> Kept:
        """Return it as of the contact that its own has turned out to be."""
        return replace(kept, contact_id=self._parts.identities.merging.now(kept.contact_id))

    async def _see_to(self, person: int, theirs: Sequence[Kept]) -> None:
        async with self._people.hold(str(person)):
            for number, kept in enumerate(theirs):
                if (now := self._parts.identities.merging.now(person)) != person:
                    self._spawn(self._see_to(now, [self._as_now(each) for each in theirs[number:]]))
                    return
                await self._until_done(kept)

    async def _until_done(self, kept: Kept) -> None:
        """See to one thing, however often the store is away meanwhile."""
        while True:
            try:
                await self._handle(kept)
                await self._parts.webhooks.seen_to([kept.number])
            except StoreError as error:
                log.warning("webhook_waits", reason=str(error))
                await self._parts.clock.sleep(_RETRY_SECONDS)
                continue
            except Exception:
                log.exception("webhook_broke")  # what breaks once would break again: it must not hold up the others
                if kept.kind == SAID:
                    await self._parts.channel.tell(kept.thread, _BROKEN)
                await self._parts.webhooks.seen_to([kept.number])
            self._in_hand.discard(kept.number)
            return

    async def _handle(self, kept: Kept) -> None:
        for gone in self._parts.identities.merging.pending(kept.contact_id):
            async with self._people.hold(str(gone)):
                await self._parts.identities.merging.settle(kept.contact_id)
        try:
            await self._parts.handlers[kept.kind].see_to(kept)
        except RefusedInputError as error:
            await self._parts.channel.tell(kept.thread, str(error))


def _moment_of(kept: Kept) -> tuple[datetime, int]:
    return kept.sent_at, kept.number
