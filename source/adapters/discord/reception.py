"""From a message on Discord to what the core accepts, or to nothing."""

from dataclasses import replace
from typing import Final

import discord
import structlog

from source.adapters.discord.channel_access import REFUSAL, ChannelAccess
from source.adapters.discord.inbound import InboundText, replies_to
from source.adapters.discord.parts import Turns
from source.adapters.discord.places import (
    Answer,
    Kind,
    answer_at,
    is_from_person,
    is_mentioned,
    kind_of,
    person,
    thread_ref,
)
from source.adapters.discord.telling import Teller
from source.adapters.discord.threads import Threads
from source.domain.access import Verdict
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import InboundMessage

log = structlog.get_logger(__name__)

EMPTY: Final = "What can I do for you? Write it in the same message as the mention, or write to me directly."
BLIND: Final = (
    "I can't read messages here that do not mention me: the Message Content intent is switched off. "
    "Mention me in each message, or ask whoever runs me to switch it on."
)


class Reception:
    """Decides whether a message is for Echo and makes it ready, with the thread where it is answered."""

    def __init__(
        self,
        client: discord.Client,
        turns: Turns,
        *,
        access: ChannelAccess,
        threads: Threads,
        text: InboundText,
        teller: Teller,
    ) -> None:
        self._client = client
        self._turns = turns
        self._access = access
        self._threads = threads
        self._text = text
        self._teller = teller

    @property
    def me(self) -> int:
        """Echo's id as a user."""
        return self._client.user.id if self._client.user is not None else 0

    def may_concern(self, message: discord.Message) -> bool:
        """Whether a closer look is worth its while; quick, for the many messages that people write to each other."""
        if not is_from_person(message):
            return False
        kind = kind_of(message.channel)
        if kind is None:
            return message.guild is not None
        return kind in (Kind.THREAD, Kind.DIRECT) or is_mentioned(message, self.me)

    def is_unlimited(self, message: discord.Message) -> bool:
        """Whether no limit binds who wrote the message."""
        return self._access.is_unlimited(message.author, message.channel)

    async def is_for_echo(self, message: discord.Message) -> bool:
        """Whether the message is to be answered, if its author may be.

        Raises: StoreError: it cannot be told.
        """
        return await self._answer(message) is not Answer.NOT_AT_ALL

    async def inbound(self, message: discord.Message, *, missed: bool = False) -> InboundMessage | None:
        """Return what the core accepts; None when the message is not for Echo, or was answered with a sentence.

        Nothing is said to people about a message that was `missed`, long after they wrote it.
        Raises: StoreError: it cannot be told whether the message is for Echo.
        """
        answer = await self._answer(message)
        if answer is Answer.NOT_AT_ALL or not await self._is_allowed(message, missed=missed):
            return None
        text = await self._text.of(message)
        if not text:
            if not missed:
                await self._ask_for_text(message)
            return None
        inbound = _inbound(message, text)
        if answer is Answer.IN_NEW_THREAD:
            if not missed and await self._is_refused(message, inbound):
                return None
            thread = await self._thread_from(message, text)
            if thread is None:
                return None
            inbound = replace(inbound, thread=thread)
        self._threads.accepted(message.id)
        return inbound

    async def _answer(self, message: discord.Message) -> Answer:
        if not self.may_concern(message):
            return Answer.NOT_AT_ALL
        await self._locate(message)
        channel, kind = message.channel, kind_of(message.channel)
        if kind is None:
            return Answer.NOT_AT_ALL
        mentioned = is_mentioned(message, self.me)
        echos = not mentioned and isinstance(channel, discord.Thread) and await self._threads.is_echos(channel, self.me)
        return answer_at(kind, is_mentioned=mentioned, is_echos=echos)

    async def _locate(self, message: discord.Message) -> None:
        """Look up a place that discord.py does not know: a thread that was archived until now."""
        if kind_of(message.channel) is not None:
            return
        try:
            found = await self._client.fetch_channel(message.channel.id)
        except (discord.HTTPException, discord.InvalidData) as error:
            log.warning("place_unknown", channel=message.channel.id, error=type(error).__name__)
            return
        if isinstance(found, discord.Thread | discord.TextChannel | discord.VoiceChannel | discord.StageChannel):
            message.channel = found

    async def _is_allowed(self, message: discord.Message, *, missed: bool) -> bool:
        verdict = self._access.verdict(message.author, message.channel)
        if verdict is Verdict.REFUSED and not missed:
            await self._teller.tell_hourly(message, REFUSAL)
        return verdict is Verdict.ALLOWED

    async def _ask_for_text(self, message: discord.Message) -> None:
        if is_mentioned(message, self.me) or message.content or message.guild is None:
            await self._teller.tell(message, EMPTY)
        elif not message.embeds:
            log.warning("discord_content_hidden", guild=message.guild.id, channel=message.channel.id)
            await self._teller.explain_once(message, BLIND)

    async def _is_refused(self, message: discord.Message, inbound: InboundMessage) -> bool:
        """Whether no thread is to be opened, because nothing but a refusal would come into it; it is told here then."""
        refusal = self._turns.refusal_of(inbound, is_unlimited=self.is_unlimited(message))
        if refusal is not None:
            await self._teller.tell(message, refusal)
        return refusal is not None

    async def _thread_from(self, message: discord.Message, text: str) -> ThreadRef | None:
        here = thread_ref(message.channel)
        try:
            opened = await self._threads.open_from(message, text)
        except discord.NotFound:
            return None
        if opened is None:  # in the channel then: an answer that all can see is better than none
            return here
        return ThreadRef(Platform.DISCORD, str(opened), here.guild_id, here.guild_name, here.circle)


def _inbound(message: discord.Message, text: str) -> InboundMessage:
    return InboundMessage(
        event_id=str(message.id),
        thread=thread_ref(message.channel),
        person=person(message.author),
        text=text,
        sent_at=message.created_at,
        reply_to=replies_to(message),
    )
