"""Everything through which messages leave for WhatsApp."""

from datetime import timedelta
from typing import Protocol

import structlog

from source.adapters.whatsapp.graph import GraphSending
from source.adapters.whatsapp.pacing import Pacing
from source.adapters.whatsapp.parking import Parking
from source.adapters.whatsapp.post import Post
from source.adapters.whatsapp.reply import ReplyParts, WhatsAppChannel
from source.adapters.whatsapp.resuming import Resuming
from source.adapters.whatsapp.settings import WhatsAppSettings
from source.adapters.whatsapp.standing import Standing
from source.adapters.whatsapp.troubles import MetaError, Remedy, remedy_for
from source.adapters.whatsapp.typing_sign import TypingSign
from source.adapters.whatsapp.window import Window
from source.domain.errors import StoreUnavailableError
from source.domain.thread import ThreadRef
from source.ports.clock import Clock
from source.ports.health import PartHealth, PartStatus
from source.ports.parked import ParkedReason, ParkedReplies, WritingTimes
from source.ports.store import ChannelStore
from source.ports.webhooks import ContactStore
from source.services.owned_tasks import OwnedTasks
from source.services.turn_service import TurnService

log = structlog.get_logger(__name__)


class ParkedStore(ParkedReplies, WritingTimes, Protocol):
    """What is kept of what waits for people to write."""


class Outlet:
    """One number's way out: what is sent goes at Meta's pace, in each person's order."""

    def __init__(
        self,
        settings: WhatsAppSettings,
        *,
        turns: TurnService,
        store: ChannelStore,
        contacts: ContactStore,
        parked: ParkedStore,
        clock: Clock,
    ) -> None:
        self._turns = turns
        self._parked = parked
        self._tasks = OwnedTasks()
        self.graph = GraphSending(settings)
        self.standing = Standing(clock)
        self.post = Post(self.graph, Pacing(clock, per_second=settings.messages_per_second), self.standing, clock)
        self.sign = TypingSign(self.post)
        self.window = Window(parked, clock)
        self.parking = Parking(self.post, parked, settings.template)
        self.parts = ReplyParts(
            self.post, contacts, store, sign=self.sign, window=self.window, parking=self.parking, clock=clock
        )
        self.channel = WhatsAppChannel(self.parts, self._renewed)
        self.resuming = Resuming(
            standing=self.standing,
            graph=self.graph,
            turns=turns,
            parked=parked,
            parked_for=settings.parked_for,
            clock=clock,
        )

    async def failed(self, key: int, part: int, code: int | None) -> None:
        """Meta told afterwards that a part of a reply did not arrive; told again it changes nothing more.

        Raises: StoreError: it has to be told again, as what is on its way yet cannot wait for the person.
        """
        remedy = None if code is None else remedy_for(code)
        if code is not None and remedy is Remedy.ALERT:
            self.standing.alert(MetaError(code, "a message was not delivered"))
        if remedy is not Remedy.WINDOW:
            return
        if await self._parked.is_on_its_way(key):
            raise StoreUnavailableError("the rest of the reply is on its way: this has to be told again after it")
        thread = await self._parked.return_to_waiting(key, [part])
        if thread is not None:
            self.parts.forget_sent()
            await self._parked.park(key, ParkedReason.REFUSED, is_told=False)
            self._turns.deliveries.park(self.channel, thread, key)
            log.info("reply_parked", events=1, reason="Meta says that it came too late")

    async def health(self) -> PartHealth:
        """Return whether messages can be sent, and how many wait for people to write."""
        health = await self.standing.health()
        waiting = await self._parked.count()
        if health.status is not PartStatus.OK or not waiting:
            return health
        return PartHealth(health.status, f"{health.sentence} Replies that wait until their people write: {waiting:,}.")

    async def close(self) -> None:
        """Show nothing any more and end the connections; nothing is sent by then."""
        await self._tasks.close(timedelta(0))
        await self.sign.close()
        await self.graph.close()

    def _renewed(self, thread: ThreadRef) -> None:
        """What waited in a thread for its person to write is sent."""
        deliveries = self._turns.deliveries
        if deliveries.has_parked(thread.key):
            self._tasks.spawn(deliveries.flush(thread.key), name="whatsapp-parked")
