"""What people of the business say in Echo's place: part of the conversation, and never answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from source.domain.errors import RefusedInputError
from source.domain.message import OF_BUSINESS
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage, SaidMessage
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.services.conversation_manager import InMemoryConversationManager
from source.services.opening import Opening
from source.services.taking_over import TakingOver
from source.services.turn_service import TurnService

log = structlog.get_logger(__name__)

_A_PERSON = "A person of the team"


class FindsSaid(Protocol):
    """What is needed of a `ChannelStore`."""

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        """As in `ChannelStore`."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """One message to a customer in their thread; `event_id` is unique in its platform."""

    event_id: str
    thread: ThreadRef
    customer: PersonRef
    text: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class BusinessParts:
    """What is worked with."""

    turns: TurnService
    taking_over: TakingOver
    manager: InMemoryConversationManager
    opening: Opening
    said: FindsSaid
    clock: Clock


class BusinessSaid:
    """Keeps it under the name of the business; Echo is silent for as long as the `pause` after it."""

    def __init__(self, parts: BusinessParts, *, pause: timedelta, name: str = "") -> None:
        self._parts = parts
        self._pause = pause
        self._speaker = PersonRef(OF_BUSINESS, name or _A_PERSON)

    async def said(self, said: Said, channel: Channel) -> None:
        """Take it in; the same one again changes nothing. Of what is longer than what is kept only the pause is.

        Raises: StoreError: do it again.
        """
        if await self._is_own(said):
            log.info("own_message_echoed", platform=said.thread.platform.value)
            return
        until = said.said_at + self._pause
        if until > self._parts.clock.now():
            await self._parts.taking_over.pause(said.thread, until, by="owner")
        await self._have_conversation(said)
        inbound = InboundMessage(said.event_id, said.thread, self._speaker, said.text, said.said_at)
        try:
            await self._parts.turns.accept(inbound, channel, is_unlimited=True)
        except RefusedInputError as error:  # nothing that the customer should be told
            log.warning("business_words_refused", reason=str(error))

    async def _is_own(self, said: Said) -> bool:
        known = await self._parts.said.find(said.thread.platform, said.event_id)
        return known is not None and known.message.requester is None

    async def _have_conversation(self, said: Said) -> None:
        """Have one that the customer began, as far as anybody who reads it is concerned."""
        async with self._parts.manager.turn(said.thread) as seat:
            await self._parts.opening.open(seat, said.customer, said.said_at, opening=said.text, asks_model=False)
