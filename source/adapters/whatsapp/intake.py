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
from source.adapters.whatsapp.intake_notes import SeenToNotes
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
        # What is not to be taken up: it is being seen to, or was and is not noted yet, or cannot be.
        self._in_hand: set[int] = set()
        noted = self._in_hand.difference_update
        self._notes = SeenToNotes(parts.webhooks, parts.clock, self._tasks, noted)
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
        last = 0
        while kept := await self._parts.webhooks.kept(Platform.WHATSAPP, limit=_AT_ONCE, after=last):
            last = kept[-1].number
            await asyncio.gather(*self._begin(kept, is_earlier=True))
        self._is_taken_up.set()

    async def close(self, deadline: timedelta) -> None:
        """Let what has begun end; the rest is taken up by the next process."""
        await self._tasks.close(deadline)

    def _begin(self, delivered: Sequence[Delivered], *, is_earlier: bool = False) -> list[asyncio.Task[None]]:
        by_person: defaultdict[int, list[Kept]] = defaultdict(list)
        new = [each for each in delivered if each.number not in self._in_hand]
        self._in_hand.update(each.number for each in new)
        for kept in filter(None, map(self._read, new)):
            self._parts.ahead(kept)
            by_person[kept.contact_id].append(kept)
        see_to = self._see_to if is_earlier else self._see_to_in_turn
        return [self._spawn(see_to(who, sorted(theirs, key=_moment_of))) for who, theirs in by_person.items()]

    def _read(self, delivered: Delivered) -> Kept | None:
        """Return what was kept; what cannot be seen to stays where it is, and the others go on."""
        try:
            kept = Kept.of(delivered)
            if kept.kind in self._parts.handlers:
                return self._as_now(kept)
            reason = "this version knows nothing of its kind"
        except (ValueError, TypeError, KeyError) as error:
            reason = type(error).__name__
        log.error("webhook_set_aside", number=delivered.number, reason=reason)
        return None

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
        """See to one thing, however often the store is away meanwhile; once that is done only the note is left."""
        await self._notes.written_of(kept.contact_id)
        while True:
            try:
                await self._handle(kept)
            except StoreError as error:
                log.warning("webhook_waits", reason=str(error))
                await self._parts.clock.sleep(_RETRY_SECONDS)
                continue
            except Exception:
                log.exception("webhook_broke")  # what breaks once would break again: it must not hold up the others
                await self._apologise(kept)
            self._notes.add(kept.number, kept.contact_id)
            return

    async def _apologise(self, kept: Kept) -> None:
        if kept.kind != SAID:
            return
        try:
            await self._parts.channel.tell(kept.thread, _BROKEN)
        except StoreError as error:
            log.warning("sentence_undelivered", error=str(error))

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
