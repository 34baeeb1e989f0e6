"""WhatsApp as one of Echo's channels; its webhook is served by the API."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from fastapi import APIRouter

from source.adapters.whatsapp.answers import CommandAnswers
from source.adapters.whatsapp.early import AsCorrectedEarly
from source.adapters.whatsapp.file_words import FileWords
from source.adapters.whatsapp.graph_files import GraphFiles
from source.adapters.whatsapp.handlers.corrected import CorrectedHandler
from source.adapters.whatsapp.handlers.echoed import EchoedHandler
from source.adapters.whatsapp.handlers.introduced import Introduced
from source.adapters.whatsapp.handlers.moved import MovedHandler
from source.adapters.whatsapp.handlers.past import ListedHandler, PastHandler
from source.adapters.whatsapp.handlers.reacted import ReactedHandler
from source.adapters.whatsapp.handlers.said import SaidHandler
from source.adapters.whatsapp.handlers.wished import WishedHandler
from source.adapters.whatsapp.identities import Identities
from source.adapters.whatsapp.ingress import router
from source.adapters.whatsapp.intake import Intake, IntakeParts
from source.adapters.whatsapp.items import Handler
from source.adapters.whatsapp.outlet import Outlet, ParkedStore
from source.adapters.whatsapp.reading.changes import MOVED
from source.adapters.whatsapp.reading.echoes import ECHOED
from source.adapters.whatsapp.reading.history import LISTED, PAST
from source.adapters.whatsapp.reading.messages import CORRECTED, SAID
from source.adapters.whatsapp.reading.reactions import REACTED
from source.adapters.whatsapp.settings import WhatsAppSettings
from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.ports.clock import Clock
from source.ports.reactions import ReactionStore
from source.ports.store import ChannelStore
from source.ports.webhooks import ContactStore, WebhookStore
from source.services.business_said import BusinessSaid
from source.services.commands import CommandService
from source.services.corrections import Corrections
from source.services.media import Media
from source.services.pauses import Pauses, pause_after
from source.services.sent_statuses import SentStatuses
from source.services.turn_service import TurnService
from source.services.wishes import Wishes

log = structlog.get_logger(__name__)

_DRAIN: Final = timedelta(seconds=10)


class WhatsAppPlatform:
    """Answers those who write to a number."""

    name: Final = "whatsapp"

    def __init__(
        self,
        settings: WhatsAppSettings,
        *,
        turns: TurnService,
        commands: CommandService,
        corrections: Corrections,
        statuses: SentStatuses,
        store: ChannelStore,
        webhooks: WebhookStore,
        contacts: ContactStore,
        identities: Identities,
        parked: ParkedStore,
        reactions: ReactionStore,
        media: Media,
        business: BusinessSaid,
        wishes: Wishes,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._turns = turns
        self.statuses = statuses
        self._clock = clock
        self._identities = identities
        self._media = media
        self.outlet = Outlet(settings, turns=turns, store=store, contacts=contacts, parked=parked, clock=clock)
        self.channel = self.outlet.channel
        statuses.notes_go_to(self.outlet.parts.forget_sent)
        statuses.failures_go_to(self.outlet.failed)
        files = GraphFiles(self.outlet.graph, phone_id=settings.phone_id, api_base=settings.api_base)
        words = FileWords(files, media)
        said = SaidHandler(turns, commands, self.channel, CommandAnswers(self.channel, files), words, store)
        heard = WishedHandler(wishes, self.channel, said)
        handlers: dict[str, Handler] = {
            SAID: AsCorrectedEarly(identities.early, Introduced(identities.profiles, heard)),
            ECHOED: AsCorrectedEarly(identities.early, EchoedHandler(business, self.channel)),
            CORRECTED: CorrectedHandler(corrections, identities.early, words),
            REACTED: ReactedHandler(reactions, store),
            MOVED: MovedHandler(),
            PAST: PastHandler(identities.history),
            LISTED: ListedHandler(contacts),
        }
        parts = IntakeParts(webhooks, handlers, self.channel, self.outlet.sign, clock, identities, said.ahead)
        self.intake = Intake(parts)

    def router(self) -> APIRouter:
        """Return the webhook's routes."""
        return router(self._settings, self.intake, self.statuses, self._clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer what was left, then what comes, until `stop` is set."""
        workers: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "whatsapp-client": self.outlet.graph.prepare,
            "whatsapp-recovery": self._take_up,
            "whatsapp-history": partial(self._identities.history.run, self.intake.holding),
            "whatsapp-statuses": partial(self.statuses.watch, Platform.WHATSAPP),
            "whatsapp-resuming": self.outlet.resuming.run,
        }
        work = [asyncio.create_task(self._unbroken(name, each), name=name) for name, each in workers.items()]
        try:
            await stop.wait()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self.intake.close(_DRAIN)
            await self._identities.close()
            await self._turns.drain(_DRAIN, Platform.WHATSAPP)
            await self.statuses.close()
            await self._media.close()
            await self.outlet.close()

    async def _unbroken(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Work until that is done, again after whatever breaks it: nobody else would notice that it has ended."""
        pauses = Pauses(self._clock)
        while True:
            try:
                await work()
            except Exception:
                log.exception("worker_broke", worker=name)
                await self._clock.sleep(pauses.delay())
            else:
                return

    async def _take_up(self) -> None:
        """See to what the last process left; where the store is away, later."""
        failures = 0
        while True:
            try:
                await self._identities.take_up()
                await self._recovered()
            except StoreError as error:
                failures += 1
                log.warning("recovery_waits", reason=str(error))
                await self._clock.sleep(pause_after(failures).total_seconds())
            else:
                return

    async def _recovered(self) -> None:
        """See to what was accepted, then to what was only kept; neither waits for the other's answers."""
        # The first takes what is older into hand before its first await, and keeps turns from beginning meanwhile.
        both = (self._turns.recover(self.channel), self.intake.take_up())
        for outcome in await asyncio.gather(*both, return_exceptions=True):
            if outcome is not None:
                raise outcome
