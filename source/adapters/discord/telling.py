"""Short messages to people about what Echo could not do, never so many that they bother."""

import re
from collections import OrderedDict
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import structlog

from source.ports.clock import Clock

log = structlog.get_logger(__name__)
_REMEMBERED = 10_000


class Once:
    """Says a thing once in a while; only what was said last is remembered."""

    def __init__(self, clock: Clock, *, every: timedelta) -> None:
        self._clock = clock
        self._seconds = every.total_seconds()
        self._said: OrderedDict[tuple[int, str], float] = OrderedDict()

    def is_due(self, who: int, what: str = "") -> bool:
        """Whether it is time to say this; it counts as said then."""
        key, now = (who, what), self._clock.monotonic()
        said = self._said.get(key)
        if said is not None and now - said < self._seconds:
            return False
        self._said.pop(key, None)
        self._said[key] = now
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        return True


class Teller:
    """Answers a message with one sentence, which notifies nobody."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._sentences = Once(clock, every=timedelta(minutes=1))
        self._hourly = Once(clock, every=timedelta(hours=1))
        self._explained: set[int] = set()
        self._told: OrderedDict[int, None] = OrderedDict()

    def was_told(self, message_id: int) -> bool:
        """Whether this message was dealt with by a sentence, said or left out as one too many."""
        return message_id in self._told

    async def tell(self, message: discord.Message, sentence: str, *, place: int | None = None) -> None:
        """Say it, but to the same person in the same place at most once a minute, whatever the numbers in it.

        `place` is the channel or thread to say it in; without it, it is said under the message.
        """
        self._note(message.id)
        without_numbers = re.sub(r"\d+", "", sentence)
        if self._sentences.is_due(message.author.id, f"{place or message.channel.id} {without_numbers}"):
            await self._say(message, sentence, place=place)

    async def tell_hourly(self, message: discord.Message, sentence: str) -> None:
        """Say it, but to the same person at most once an hour."""
        self._note(message.id)
        if self._hourly.is_due(message.author.id, sentence):
            await self._say(message, sentence)

    async def explain_once(self, message: discord.Message, sentence: str) -> None:
        """Say it once in this channel."""
        self._note(message.id)
        if message.channel.id not in self._explained and len(self._explained) < _REMEMBERED:
            self._explained.add(message.channel.id)
            await self._say(message, sentence)

    def _note(self, message_id: int) -> None:
        self._told[message_id] = None
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    async def _say(self, message: discord.Message, sentence: str, *, place: int | None = None) -> None:
        place = place or message.channel.id
        options: dict[str, Any] = {"allowed_mentions": discord.AllowedMentions.none(), "suppress_embeds": True}
        if place == message.channel.id:
            options["reference"] = discord.MessageReference(
                message_id=message.id, channel_id=place, fail_if_not_exists=False
            )
        try:
            await self._client.get_partial_messageable(place).send(sentence, **options)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("person_not_told", channel=place, error=type(error).__name__)
