"""Messages as they come in, in the order in which they were written."""

import asyncio
from typing import Final

import discord
import structlog

from source.adapters.discord.catch_up import CatchUp
from source.adapters.discord.channel_access import ChannelAccess
from source.adapters.discord.inbound import OwnMessages
from source.adapters.discord.lanes import Lanes
from source.adapters.discord.parts import Turns
from source.adapters.discord.places import Kind, kind_of, mark_of
from source.adapters.discord.reception import Reception
from source.adapters.discord.seen import SeenMarks
from source.adapters.discord.telling import Teller
from source.domain.errors import RefusedInputError, StoreError
from source.domain.turn import InboundMessage
from source.ports.channel import Channel
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

UNSAVED: Final = "I can't save anything right now. I'll answer as soon as I can: there is no need to send it again."
BROKEN: Final = "Something went wrong on my side, so I did not take your message. Please send it again."


def lane_of(message: discord.Message) -> int:
    """Return the id of the thread that a message goes to: a thread made from it will have its id."""
    return message.id if kind_of(message.channel) is Kind.CHANNEL else message.channel.id


class Intake:
    """Takes each live message through the reception to its turn."""

    def __init__(
        self,
        reception: Reception,
        turns: Turns,
        channel: Channel,
        *,
        access: ChannelAccess,
        catch_up: CatchUp,
        seen: SeenMarks,
        own: OwnMessages,
        teller: Teller,
        lanes: Lanes,
        tasks: OwnedTasks,
    ) -> None:
        self._reception = reception
        self._turns = turns
        self._channel = channel
        self._access = access
        self._catch_up = catch_up
        self._seen = seen
        self._own = own
        self._teller = teller
        self._lanes = lanes
        self._tasks = tasks
        self.is_open = True

    async def on_message(self, message: discord.Message) -> None:
        """A message was written somewhere."""
        if not self.is_open:
            return
        if message.author.id == self._reception.me:
            self._own.add(message.channel.id, message.id)
        if self._reception.may_concern(message):
            self._tasks.spawn(self._take(message), name=f"discord-message-{message.id}")
        elif self._catch_up.is_current(message):
            self._seen.pass_by(mark_of(message.channel), message.id)
        else:
            self._tasks.spawn(self._pass_by(message), name=f"discord-passed-{message.id}")

    async def _pass_by(self, message: discord.Message) -> None:
        # Not before the place was compared with its mark, which would say nothing any more.
        await self._catch_up.compared(message)
        self._seen.pass_by(mark_of(message.channel), message.id)

    async def _take(self, message: discord.Message) -> None:
        try:
            await self._catch_up.reached(message)
        except StoreError as error:
            await self._unsaved(message, error)
            return
        place = mark_of(message.channel)
        self._seen.begin(place, message.id)
        try:
            await self._receive(message)
        except StoreError as error:
            await self._unsaved(message, error)
        except Exception:  # the next message must not suffer from this one
            log.exception("message_broke", channel=message.channel.id)
            await self._teller.tell(message, BROKEN)
        # Not when cancelled: what was not taken is looked for at the next start.
        self._seen.end(place, message.id)

    async def _receive(self, message: discord.Message) -> None:
        # One person's mentions one after the other: each is counted before the next may open a thread.
        lanes = {lane_of(message), message.author.id if kind_of(message.channel) is Kind.CHANNEL else lane_of(message)}
        async with self._lanes.at(*lanes):
            inbound = await self._reception.inbound(message)
            if inbound is None:
                return
            # Begun within the lane: what was written first is accepted first.
            answering = self._tasks.spawn(self._answer(message, inbound), name=f"discord-answer-{message.id}")
        await asyncio.shield(answering)

    async def _answer(self, message: discord.Message, inbound: InboundMessage) -> None:
        place = int(inbound.thread.thread_id)
        is_unlimited = self._access.is_unlimited(message.author, message.channel)
        try:
            await self._turns.handle(inbound, self._channel, is_unlimited=is_unlimited)
        except RefusedInputError as error:
            await self._teller.tell(message, str(error), place=place)
        except StoreError as error:
            await self._unsaved(message, error, place=place)

    async def _unsaved(self, message: discord.Message, error: StoreError, *, place: int | None = None) -> None:
        """It is taken later: the mark stays before it until then."""
        log.warning("message_not_taken", error=type(error).__name__, reason=str(error))
        self._catch_up.owe(message)
        await self._teller.tell(message, UNSAVED, place=place)
