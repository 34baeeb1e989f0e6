"""From what Meta delivered to what Echo answers: each thing once, each person's in order."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from source.adapters.whatsapp.reply import WhatsAppChannel
from source.adapters.whatsapp.typing_sign import TypingSign
from source.adapters.whatsapp.webhook import Said
from source.domain.errors import DeliveryError, RefusedInputError, StoreError
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.clock import Clock
from source.ports.webhooks import Contact, ContactStore, Delivered, Delivery, WebhookStore
from source.services.commands import CommandService
from source.services.commands.typed_words import Commanded, understood
from source.services.commands.vocabulary import CommandInvocation
from source.services.corrections import Corrections
from source.services.keyed_locks import KeyedLocks
from source.services.owned_tasks import OwnedTasks
from source.services.turn_service import TurnService

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500
_RETRY_SECONDS: Final = 5.0
_SOMEBODY: Final = "Somebody"
_NO_FILE: Final = "I cannot send files here yet: ask whoever runs this number for it."
_BROKEN: Final = "Something went wrong on my side, and I could not do that. Please try again in a moment."


@dataclass(frozen=True, slots=True)
class IntakeParts:
    """What taking in works with."""

    webhooks: WebhookStore
    contacts: ContactStore
    turns: TurnService
    commands: CommandService
    corrections: Corrections
    channel: WhatsAppChannel
    sign: TypingSign
    clock: Clock


class Intake:
    """Keeps what was delivered, then sees to it in the background; what was kept survives the process."""

    def __init__(self, parts: IntakeParts) -> None:
        self._parts = parts
        self._tasks = OwnedTasks()
        self._people = KeyedLocks()
        self._in_hand: set[int] = set()

    async def keep(self, said: Sequence[Said]) -> int:
        """Make durable what is new, and have it seen to; return how much that was.

        Raises: StoreError: nothing was kept.
        """
        if not said:
            return 0
        deliveries: list[Delivery] = []
        for each in said:
            contact = await self._parts.contacts.met(Platform.WHATSAPP, each.addresses, each.name)
            self._parts.sign.heard(_place_of(contact)[0], each.wamid)
            self._parts.channel.heard(contact)
            deliveries.append(Delivery(each.key, _Kept.of(each, contact).as_text()))
        kept = await self._parts.webhooks.keep(Platform.WHATSAPP, deliveries)
        self._begin(kept)
        return len(kept)

    async def take_up(self) -> None:
        """See to what an earlier process has kept.

        Raises: StoreError.
        """
        while True:
            kept = await self._parts.webhooks.kept(Platform.WHATSAPP, limit=_AT_ONCE)
            new = [each for each in kept if each.number not in self._in_hand]
            if not new:
                return
            await asyncio.gather(*self._begin(new))

    async def close(self, deadline: timedelta) -> None:
        """Let what has begun end; the rest is taken up by the next process."""
        await self._tasks.close(deadline)

    def _begin(self, delivered: Sequence[Delivered]) -> list[asyncio.Task[None]]:
        by_person: defaultdict[int, list[tuple[int, _Kept]]] = defaultdict(list)
        for each in delivered:
            self._in_hand.add(each.number)
            kept = _Kept.from_text(each.payload)
            by_person[kept.contact_id].append((each.number, kept))
        return [
            self._tasks.spawn(self._see_to(str(person), sorted(theirs, key=_moment_of)), name="whatsapp-intake")
            for person, theirs in by_person.items()
        ]

    async def _see_to(self, person: str, theirs: Sequence[tuple[int, "_Kept"]]) -> None:
        async with self._people.hold(person):
            for number, kept in theirs:
                await self._until_done(number, kept)

    async def _until_done(self, number: int, kept: "_Kept") -> None:
        """See to one thing, however often the store is away meanwhile."""
        while True:
            try:
                await self._handle(kept)
                await self._parts.webhooks.seen_to([number])
            except StoreError as error:
                log.warning("webhook_waits", reason=str(error))
                await self._parts.clock.sleep(_RETRY_SECONDS)
                continue
            except Exception:
                log.exception("webhook_broke")  # what breaks once would break again: it must not hold up the others
                await self._tell(_place_of(Contact(kept.contact_id, ()))[0], _BROKEN)
                await self._parts.webhooks.seen_to([number])
            self._in_hand.discard(number)
            return

    async def _handle(self, kept: "_Kept") -> None:
        thread, person = _place_of(Contact(kept.contact_id, (), kept.name))
        try:
            await self._take(kept, thread, person)
        except RefusedInputError as error:
            await self._tell(thread, str(error))

    async def _take(self, kept: "_Kept", thread: ThreadRef, person: PersonRef) -> None:
        if kept.corrects is not None:
            await self._correct(kept.corrects, kept.text, kept.sent_at)
            return
        meant = understood(kept.text, self._parts.commands.vocabulary)
        if not isinstance(meant, Commanded):
            inbound = InboundMessage(kept.key, thread, person, meant.text, kept.sent_at, reply_to=kept.reply_to)
            await self._parts.turns.accept(inbound, self._parts.channel)
            return
        invocation = CommandInvocation(
            meant.name, thread, person, meant.options, channel=self._parts.channel, invocation_id=kept.key
        )
        reply = await self._parts.commands.run(invocation)
        lines = [reply.text, _NO_FILE if reply.file is not None else ""]
        if any(lines):
            await self._tell(thread, "\n\n".join(filter(None, lines)))

    async def _correct(self, key: str, text: str, at: datetime) -> None:
        """Follow an edit, or a deletion, which has no text."""
        if text:
            await self._parts.corrections.edited(Platform.WHATSAPP, key, text, at)
        else:
            await self._parts.corrections.deleted(Platform.WHATSAPP, [key])

    async def _tell(self, thread: ThreadRef, text: str) -> None:
        try:
            await self._parts.channel.open_reply(thread).deliver(text)
        except DeliveryError as error:
            log.warning("sentence_undelivered", error=str(error))


def _place_of(contact: Contact) -> tuple[ThreadRef, PersonRef]:
    """Return the thread of somebody and who that is: both named by Echo, since numbers and ids change."""
    key = str(contact.contact_id)
    return ThreadRef(Platform.WHATSAPP, key), PersonRef(key, contact.name or _SOMEBODY)


def _moment_of(each: tuple[int, "_Kept"]) -> tuple[datetime, int]:
    number, kept = each
    return kept.sent_at, number


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of something said until it was seen to: nothing that holds a number."""

    key: str
    contact_id: int
    name: str | None
    text: str
    sent_at: datetime
    reply_to: str | None
    corrects: str | None = None

    @classmethod
    def of(cls, said: Said, contact: Contact) -> "_Kept":
        return cls(said.key, contact.contact_id, contact.name, said.text, said.sent_at, said.reply_to, said.corrects)

    @classmethod
    def from_text(cls, payload: str) -> "_Kept":
        values = json.loads(payload)
        return cls(**values | {"sent_at": datetime.fromisoformat(values["sent_at"])})

    def as_text(self) -> str:
        return json.dumps({**asdict(self), "sent_at": self.sent_at.isoformat()})
