"""Takes what was read of the time when Echo was away."""

from collections.abc import Sequence

import discord
import structlog

from source.adapters.discord.inbound import OwnMessages
from source.adapters.discord.members import Members
from source.adapters.discord.parts import Turns
from source.adapters.discord.reception import Reception
from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.domain.turn import InboundMessage
from source.ports.channel import Channel
from source.ports.store import ChannelStore

log = structlog.get_logger(__name__)


class Missed:
    """The way of missed messages: the same reception as live ones, then all of a place together."""

    def __init__(
        self,
        reception: Reception,
        turns: Turns,
        channel: Channel,
        *,
        store: ChannelStore,
        own: OwnMessages,
    ) -> None:
        self._reception = reception
        self._turns = turns
        self._channel = channel
        self._store = store
        self._own = own

    def may_concern(self, message: discord.Message) -> bool:
        """Whether a message has to be kept until `take`: it may be for Echo, or is its own."""
        return message.author.id == self._reception.me or self._reception.may_concern(message)

    async def take(self, messages: Sequence[discord.Message]) -> int | None:
        """Have these messages answered, oldest first; return how many were for Echo and new.

        None: they could not all be made durable.
        """
        members = Members()
        try:
            received = [await self._received(message, members) for message in messages]
            taken = [(inbound, message) for inbound, message in zip(received, messages, strict=True) if inbound]
            inbounds = [inbound for inbound, _ in taken]
            unlimited = {inbound.event_id for inbound, message in taken if self._reception.is_unlimited(message)}
            if inbounds:
                log.info("catching_up", messages=len(inbounds))
                await self._turns.take(inbounds, self._channel, unlimited=unlimited)
        except StoreError as error:
            log.warning("missed_messages_not_taken", error=type(error).__name__, reason=str(error))
            return None
        return len(inbounds)

    async def _received(self, message: discord.Message, members: Members) -> InboundMessage | None:
        if message.author.id == self._reception.me:
            self._own.add(message.channel.id, message.id)
        if not self._reception.may_concern(message):
            return None
        if await self._store.is_accepted(Platform.DISCORD, str(message.id)):
            return None
        try:
            if not await self._reception.is_for_echo(message):
                return None
            await members.complete(message)
            return await self._reception.inbound(message, missed=True)
        except StoreError:
            raise
        except Exception:  # one message that cannot be read must not keep the others from being answered
            log.exception("missed_message_broke", channel=message.channel.id)
            return None
