"""What the store has of a place, beside what Discord has of it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

import discord
import structlog
from discord.utils import time_snowflake

from source.adapters.discord.inbound import InboundText, OwnMessages
from source.adapters.discord.missed import Missed
from source.adapters.discord.parts import Corrections
from source.adapters.discord.places import Place, mark_of
from source.adapters.discord.seen import SeenMarks
from source.adapters.discord.telling import Teller
from source.adapters.discord.threads import UNKNOWN_MESSAGE
from source.domain.errors import DeliveryError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadRef
from source.ports.clock import Clock
from source.ports.metadata import SaidStore, Synced
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

_RECENT: Final = timedelta(days=7)
_MOST_READ: Final = 1_000
# Each costs a request; what is left is looked at the next time.
_MOST_CONFIRMED: Final = 50
# What is younger may still be on its way through Echo.
_SETTLED: Final = timedelta(minutes=1)
_PATIENCE: Final = timedelta(seconds=60)


class Comparison:
    """Follows edits and deletions that nobody told Echo of, and takes in what it never took.

    The store is read first: what it has then was on Discord before.
    """

    def __init__(
        self,
        client: discord.Client,
        said: SaidStore,
        corrections: Corrections,
        missed: Missed,
        *,
        seen: SeenMarks,
        teller: Teller,
        clock: Clock,
        age: timedelta,
        tasks: OwnedTasks,
    ) -> None:
        self._client = client
        self._said = said
        self._corrections = corrections
        self._missed = missed
        self._seen = seen
        self._teller = teller
        self._clock = clock
        self._age = age
        self._tasks = tasks

    async def compare(self, thread: ThreadRef, place: Place) -> Synced:
        """Compare one place; may raise whatever discord.py does."""
        now = self._clock.now()
        known = _by_number(await self._said.said_in(thread.key, now - _RECENT))
        homes = _Homes(place)
        after = min([time_snowflake(now - self._age), *(number - 1 for number in known if number != place.id)])
        there, lowest = await _read(place, after)
        if place.id in known and (begin := await homes.message(place.id)) is not None:
            there[begin.id] = begin
        edited = await self._follow_edits(known, there)
        missing = [number for number in known if number not in there and (number >= lowest or number == place.id)]
        deleted = await self._follow_deletions(missing, homes)
        return Synced(await self._take(place, known, there), edited, deleted)

    async def _follow_edits(self, known: Mapping[int, Message], there: Mapping[int, discord.Message]) -> int:
        own, edited = OwnMessages(), 0
        text = InboundText(self._client, own)
        for number, message in sorted(there.items()):
            if self._is_own(message):
                own.add(message.channel.id, number)
            stored, at = known.get(number), message.edited_at
            if stored is None or at is None or (stored.edited_at is not None and stored.edited_at >= at):
                continue
            now_reads = await text.of(message)
            if now_reads and now_reads != stored.message_content:
                await self._corrections.edited(Platform.DISCORD, str(number), now_reads, at)
                edited += 1
        return edited

    async def _follow_deletions(self, missing: Sequence[int], homes: "_Homes") -> int:
        """Take back what Discord says is gone; what it only does not show stays."""
        gone = [str(number) for number in missing[:_MOST_CONFIRMED] if await homes.is_gone(number)]
        if gone:
            await self._corrections.deleted(Platform.DISCORD, gone)
        return len(gone)

    async def _take(self, place: Place, known: Mapping[int, Message], there: Mapping[int, discord.Message]) -> int:
        missed = [message for message in self._unknown(place, there) if message.id not in known]
        if not missed:
            return 0
        taking = self._tasks.spawn(self._missed.take(missed), name=f"discord-compared-{place.id}")
        await asyncio.wait({taking}, timeout=_PATIENCE.total_seconds())
        taken = taking.result() if taking.done() else len(missed)
        if taken is None:
            raise DeliveryError("What was missed there cannot be kept now; the next sync tries again.")
        return taken

    def _unknown(self, place: Place, there: Mapping[int, discord.Message]) -> Iterator[discord.Message]:
        """What may be for Echo and was neither refused nor is in hand, the oldest first."""
        now = self._clock.now()
        own = [message for message in there.values() if self._is_own(message)]
        answered = {message.reference.message_id for message in own if message.reference is not None}
        for number, message in sorted(there.items()):
            is_due = now - self._age <= message.created_at <= now - _SETTLED
            if self._is_own(message) or not is_due or number in answered or self._teller.was_told(number):
                continue
            if self._missed.may_concern(message) and not self._seen.is_in_hand(mark_of(place), number):
                yield message

    def _is_own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id


class _Homes:
    """Where the messages of a place stand: that on which a thread hangs stands in the channel around it.

    A post in a forum holds its first message itself; around a thread of which Discord does not tell, nobody knows.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        around = place.parent if isinstance(place, discord.Thread) else None
        self._around = place if isinstance(around, discord.ForumChannel) else around

    async def message(self, number: int) -> discord.Message | None:
        """Return a message; None when there is none, or when nobody knows where it stands."""
        try:
            home = self._home(number)
            return None if home is None else await home.fetch_message(number)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            return None

    async def is_gone(self, number: int) -> bool:
        """Whether Discord says that there is no such message where it should be."""
        return self._home(number) is not None and await self.message(number) is None

    def _home(self, number: int) -> Place | None:
        return self._around if number == self._place.id else self._place


async def _read(place: Place, after: int) -> tuple[dict[int, discord.Message], int]:
    """Return the latest messages after an id, and from which id on these are all that there are."""
    found: dict[int, discord.Message] = {}
    async for message in place.history(limit=_MOST_READ, oldest_first=False):
        if message.id <= after:
            break
        found[message.id] = message
    return found, min(found) if len(found) == _MOST_READ else after + 1


def _by_number(said: Sequence[Message]) -> dict[int, Message]:
    return {int(each.event_id): each for each in said if each.event_id is not None and each.event_id.isdecimal()}
