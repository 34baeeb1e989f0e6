"""What has been kept for long enough, by the rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from source.domain.conversation_head import StoredConversation
from source.domain.message import Message, as_utc
from source.domain.privacy import Counts, summed_counts
from source.domain.retention import Retention
from source.domain.thread import ThreadRef
from source.ports.clock import Clock
from source.ports.privacy import RetentionStore

_AT_ONCE: Final = 500


class LoadsConversations(Protocol):
    """What is needed of the store."""

    async def load(self, conversation_id: int) -> StoredConversation | None: ...


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How many days is kept what no rule is for; 0: for ever."""

    message_days: int = 90
    summary_days: int = 730


class RetentionView:
    """Finds what is due, and changes nothing."""

    def __init__(
        self, store: RetentionStore, conversations: LoadsConversations, clock: Clock, settings: RetentionSettings
    ) -> None:
        self._store = store
        self._conversations = conversations
        self._clock = clock
        self._settings = settings

    async def due(self) -> list[int]:
        """Return the conversations of which something may be due, in order."""
        earliest = (await self._retention()).earliest(self._clock.now())
        found: list[int] = []
        while earliest is not None:
            some = await self._store.older_than(earliest, after=found[-1] if found else 0, limit=_AT_ONCE)
            found += some
            if len(some) < _AT_ONCE:
                break
        return found

    async def old_in(self, stored: StoredConversation) -> frozenset[int]:
        """Return the messages of a conversation that are due; Echo's go when what they answer does."""
        retention, now = await self._retention(), self._clock.now()
        people = await self._store.people_in(stored.head.conversation_id)
        limits: dict[str | None, datetime | None] = {}
        old: set[int] = set()
        asker, goes = stored.head.requester, None
        for message in stored.messages:
            if message.is_from_person or goes is None:
                asker = message.requester or asker
                if asker not in limits:
                    limits[asker] = retention.messages_before(now, stored.head.thread, people.get(asker or ""))
                limit = limits[asker]
                goes = limit is not None and as_utc(message.created_at) < limit
            if goes:
                old.add(message.message_id)
        return frozenset(old)

    async def is_over(self, stored: StoredConversation) -> bool:
        """Whether a conversation without messages was begun, and left, before what is kept."""
        retention, head = await self._retention(), stored.head
        people = await self._store.people_in(head.conversation_id)
        limit = retention.messages_before(self._clock.now(), head.thread, people.get(head.requester or ""))
        return limit is not None and head.last_activity < limit

    async def found(self) -> dict[str, Counts]:
        """Count by place what would be removed now."""
        places: dict[str, Counts] = {}
        for conversation_id in await self.due():
            stored = await self._conversations.load(conversation_id)
            if stored is not None:
                counts = await self.counted(stored)
                if any(counts.values()):
                    name = place_of(stored.head.thread)
                    places[name] = summed_counts(places.get(name, {}), counts)
        return places

    async def counted(self, stored: StoredConversation) -> Counts:
        """Count what would be removed of a conversation."""
        old = await self.old_in(stored)
        is_whole = len(old) == len(stored.messages) and (bool(old) or await self.is_over(stored))
        said = sum(each.message_id in old and _says_something(each) for each in stored.messages)
        return {"messages": said, "conversations": int(is_whole), "shortened": int(bool(old) and not is_whole)}

    async def old_summaries(self) -> list[int]:
        """Return the user summaries that are due."""
        retention, now = await self._retention(), self._clock.now()
        earliest = retention.earliest_summary(now)
        if earliest is None:
            return []
        return [
            summary.summary_id
            for summary in await self._store.old_summaries(earliest)
            if (limit := retention.summaries_before(now, summary.person_id)) is not None and summary.updated_at < limit
        ]

    async def _retention(self) -> Retention:
        settings = self._settings
        return Retention(settings.message_days, settings.summary_days, tuple(await self._store.rules()))


def place_of(thread: ThreadRef) -> str:
    """Return how a place is told: its guild, or that it was said directly."""
    return f"{thread.platform.value} {'direct' if thread.guild_id is None else thread.guild_id}"


def _says_something(message: Message) -> bool:
    return message.is_kept or bool(message.message_content)
