"""A reply on its way to somebody on WhatsApp."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog

from source.adapters.whatsapp.choices import OFFERED, interactive_of
from source.adapters.whatsapp.formatting import for_whatsapp
from source.adapters.whatsapp.graph import Recipient, Sending, is_outcome_unknown
from source.adapters.whatsapp.items import thread_of
from source.adapters.whatsapp.parking import Late, Parking
from source.adapters.whatsapp.reading.values import key_of
from source.adapters.whatsapp.tracker import tracker_of
from source.adapters.whatsapp.troubles import WindowClosedError, no_recipient
from source.adapters.whatsapp.typing_sign import TypingSign
from source.adapters.whatsapp.window import Window
from source.domain.errors import DeliveryError, StoreError, UndeliverableError
from source.domain.reply_text import split
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import SentPart
from source.ports.clock import Clock
from source.ports.sent import BEGUN, ReplyPart, begun_id, unknown_id
from source.ports.store import ChannelStore
from source.ports.webhooks import Contact, ContactStore, Wrote
from source.services.keyed_locks import KeyedLocks

log = structlog.get_logger(__name__)

# Meta counts 4,096; a sign may be added to a piece.
_MOST_CHARACTERS: Final = 4_000
_MOST_REMEMBERED: Final = 1_000
# Meta tells what it has taken within a second or two; what came while Echo was away it tells again after a few.
_SECONDS_TO_TELL: Final = 20.0
_CUT_SHORT: Final = "_(cut short)_"


class WhatsAppReply:
    """One reply: nothing shows before all of it is there, since what is sent cannot grow."""

    def __init__(self, thread: ThreadRef, keys: Sequence[int], parts: "ReplyParts") -> None:
        self._thread = thread
        self._keys = tuple(keys)
        self._parts = parts
        self._notices: list[str] = []
        parts.sign.answering(thread)

    @property
    def _key(self) -> int:
        """The first event that it answers; 0: it answers none."""
        return self._keys[0] if self._keys else 0

    async def notice(self, line: str) -> None:
        self._notices.append(line)

    def show(self, delta: str) -> None:
        pass

    def thinking(self) -> None:
        pass

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        """As in `LiveReply`. Raises: DeliveryParkedError: the person wrote too long ago."""
        shown = f"{text}\n\n{_CUT_SHORT}" if interrupted else text
        self._parts.sign.answered(self._thread)
        recipient = await self._parts.recipient(self._thread)
        told = [line for line in self._notices if line not in OFFERED]
        whole = "\n\n".join([*map(_in_italics, told), shown])
        async with self._parts.in_order.hold(self._thread.thread_id):
            try:
                await self._parts.window.check(self._thread)
                recipient = await self._send_all(recipient, pieces_of(whole))
                await self._offer(recipient)
            except WindowClosedError as error:
                await self._send_late(recipient, whole, error)
            if self._key:
                await self._parts.parking.settle(self._key)
        self._parts.finished(self._keys)

    async def fail(self, sentence: str) -> None:
        self._parts.sign.answered(self._thread)
        if not sentence:
            return
        try:
            recipient = await self._parts.recipient(self._thread)
            async with self._parts.in_order.hold(self._thread.thread_id):
                await self._parts.window.check(self._thread)
                await self._parts.sending.text(recipient, sentence, tracker="")
        except DeliveryError as error:
            log.warning("sentence_undelivered", error=str(error))

    async def _send_all(self, recipient: Recipient, pieces: Sequence[str]) -> Recipient:
        """Send the pieces; return where the last one went."""
        for number, piece in enumerate(pieces):
            recipient = await self._send_after(recipient, ReplyPart(self._key, number, len(pieces)), piece)
        return recipient

    async def _send_after(self, recipient: Recipient, part: ReplyPart, piece: str) -> Recipient:
        """Send a piece, after whoever has moved while it waited for its turn; return where it went."""
        try:
            await self._send_once(recipient, part, piece)
        except UndeliverableError:
            moved = await self._parts.recipient(self._thread)
            if moved == recipient:
                raise
            await self._send_once(moved, part, piece)
            return moved
        return recipient

    async def _offer(self, recipient: Recipient) -> None:
        """Show what may be done next below the reply, which has arrived whatever becomes of this."""
        for line in self._notices:
            body = interactive_of(line, OFFERED.get(line, ()))
            if body is None:
                continue
            try:
                await self._parts.sending.message(recipient, "interactive", body, tracker="")
            except DeliveryError as error:
                log.info("offer_undelivered", error=str(error))

    async def _send_late(self, recipient: Recipient, whole: str, why: WindowClosedError) -> None:
        """Have a template tell it, or have it wait."""
        if not self._key:
            raise why
        part = ReplyPart(self._key, 0)
        is_begun = any(key == self._key for key, _ in await self._parts.sent())
        late = Late(self._key, self._thread, whole, tracker_of(part), is_begun)
        wamid = await self._parts.parking.take(late, recipient, why)
        self._note(part, key_of(wamid) if wamid else unknown_id(part))

    async def _send_once(self, recipient: Recipient, part: ReplyPart, piece: str) -> None:
        """Send a piece unless it was sent before: of a reply that was cut off the rest follows."""
        if part.key:
            if await self._parts.has_arrived(part):
                return
            await self._parts.begin(part)
        tracker = tracker_of(part) if part.key else ""
        try:
            sent = key_of(await self._parts.sending.text(recipient, piece, tracker=tracker))
        except (DeliveryError, asyncio.CancelledError) as error:
            if not is_outcome_unknown(error):
                self._parts.not_sent(part)
                raise
            # It may have arrived: nothing is said twice, and the statuses tell what became of it.
            log.warning("delivery_unknown", key=part.key, part=part.number, error=str(error) or "stopped")
            self._note(part, unknown_id(part))
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            self._note(part, sent)

    def _note(self, part: ReplyPart, external_id: str) -> None:
        if part.key:
            self._parts.note(SentPart(part.key, part.number, external_id), begun_as=begun_id(part))


class ReplyParts:
    """What replies share."""

    def __init__(
        self,
        sending: Sending,
        contacts: ContactStore,
        store: ChannelStore,
        *,
        sign: TypingSign,
        window: Window,
        parking: Parking,
        clock: Clock,
    ) -> None:
        self.sending = sending
        self.contacts = contacts
        self.sign = sign
        self.window = window
        self.parking = parking
        self.in_order = KeyedLocks()
        self.just_heard: OrderedDict[int, Contact] = OrderedDict()
        self._store = store
        self._clock = clock
        self._began_at = clock.monotonic()
        self._sent: set[tuple[int, int]] | None = None
        self._begun: frozenset[tuple[int, int]] = frozenset()
        self._noted_since: set[tuple[int, int]] = set()
        self._version = 0
        self._reading = asyncio.Lock()

    def heard(self, contact: Contact) -> None:
        """Remember for a while whom an answer goes to."""
        self.just_heard[contact.contact_id] = contact
        if len(self.just_heard) > _MOST_REMEMBERED:
            self.just_heard.popitem(last=False)

    async def recipient(self, thread: ThreadRef) -> Recipient:
        """Return whom messages into a thread go to.

        Raises: UndeliverableError: nobody is known there.
        """
        contact = await self.contacts.contact(Platform.WHATSAPP, int(thread.thread_id))
        # Who has just been forgotten is told so, and then is nobody here either.
        contact = contact or self.just_heard.pop(int(thread.thread_id), None)
        if contact is None:
            raise no_recipient()
        by_kind = dict(address.split(":", 1) for address in contact.addresses)
        return Recipient(phone=by_kind.get("phone"), user=by_kind.get("user") or by_kind.get("parent"))

    async def sent(self) -> set[tuple[int, int]]:
        """Return the pieces of replies that are not finished, by event and number."""
        if self._sent is not None:
            return self._sent
        async with self._reading:
            while self._sent is None:
                read_of, self._noted_since = self._version, set()
                noted = await self._store.unfinished_parts(Platform.WHATSAPP)
                begun = frozenset((each.key, each.part) for each in noted if each.external_id.startswith(BEGUN))
                known = {(each.key, each.part) for each in noted if not each.external_id.startswith(BEGUN)}
                if read_of == self._version:
                    self._sent, self._begun = known | self._noted_since, begun
            return self._sent

    async def has_arrived(self, part: ReplyPart) -> bool:
        """Whether a piece needs to be sent no more; where a crash came between, Meta is given time to tell."""
        name = (part.key, part.number)
        while name not in await self.sent():
            if name not in self._begun or self._clock.monotonic() - self._began_at >= _SECONDS_TO_TELL:
                return False
            await self._clock.sleep(1.0)
        return True

    async def begin(self, part: ReplyPart) -> None:
        """Make durable that a piece is about to be sent.

        Raises: DeliveryError: it could not be, so nothing may be sent.
        """
        try:
            await self._store.begin_sending(Platform.WHATSAPP, SentPart(part.key, part.number, begun_id(part)))
        except StoreError as error:
            raise DeliveryError("the store does not take that a message is about to be sent") from error

    def not_sent(self, part: ReplyPart) -> None:
        """Note that a piece was not sent after all: whoever sends it later need not ask what became of it."""
        if part.key:
            self._store.note_not_sent(Platform.WHATSAPP, SentPart(part.key, part.number, begun_id(part)))

    def note(self, part: SentPart, *, begun_as: str) -> None:
        """Remember that a piece was sent."""
        self._store.note_sent(Platform.WHATSAPP, part, begun_as=begun_as)
        known = self._noted_since if self._sent is None else self._sent
        known.add((part.key, part.part))

    def finished(self, keys: Sequence[int]) -> None:
        """All of a reply was sent."""
        if self._sent is not None and keys:
            self._sent = {each for each in self._sent if each[0] != keys[0]}

    def forget_sent(self) -> None:
        """Learn anew from the store what was sent: it has changed there."""
        self._sent = None
        self._version += 1


class WhatsAppChannel:
    """Implements `Channel`."""

    platform: Final = Platform.WHATSAPP

    def __init__(self, parts: ReplyParts, renewed: Callable[[ThreadRef], None] = lambda _: None) -> None:
        """`renewed` is told in which threads people may be answered again."""
        self._parts = parts
        self._renewed = renewed

    def heard(self, contact: Contact) -> None:
        """Remember for a while whom an answer goes to."""
        self._parts.heard(contact)

    def wrote(self, wrote: Wrote) -> None:
        """Somebody wrote, which is durable: from now on they may be answered."""
        self._parts.window.wrote(wrote)
        self._renewed(thread_of(wrote.contact_id))

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> WhatsAppReply:
        return WhatsAppReply(thread, answering, self._parts)

    async def tell(self, thread: ThreadRef, text: str) -> None:
        """Send what is no reply to a message, once; where it cannot arrive, that is logged."""
        try:
            await self.open_reply(thread).deliver(text)
        except DeliveryError as error:
            log.warning("sentence_undelivered", error=str(error))

    async def show(self, thread: ThreadRef, kind: str, body: Mapping[str, Any]) -> None:
        """Send what is no text, as a message of Meta's type `kind` with this body, once.

        Raises: DeliveryError: it was not taken. UnknownOutcomeError: it may have been.
        """
        recipient = await self._parts.recipient(thread)
        async with self._parts.in_order.hold(thread.thread_id):
            await self._parts.window.check(thread)
            await self._parts.sending.message(recipient, kind, body, tracker="")


def pieces_of(text: str) -> list[str]:
    """Return a reply as the messages that show it."""
    return [for_whatsapp(piece.text) for piece in split(text, _MOST_CHARACTERS) if piece.text]


def _in_italics(line: str) -> str:
    return f"_{line.strip('_')}_"
