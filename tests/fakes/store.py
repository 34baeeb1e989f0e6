"""The store, in memory."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.errors import AlreadyAnsweredError
from source.domain.message import Message, MessageType, Standing
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import (
    AcceptedEvent,
    EventState,
    InboundMessage,
    TurnRecord,
    UndeliveredReply,
)
from source.ports.store import ConversationListing, Scope, SearchHit
from tests.fakes.store_channel import ChannelRows
from tests.fakes.store_rows import is_reply, refuse_what_a_database_refuses
from tests.fakes.store_statistics import StatisticsRows


class InMemoryStore(ChannelRows, StatisticsRows):
    """Implements every store port; every method that is awaited yields at least once, as a disk would make it."""

    async def accept(self, inbound: InboundMessage) -> AcceptedEvent | None:
        await self._write()
        self.threads[inbound.thread.key] = inbound.thread
        self.people[inbound.thread.platform, inbound.person.external_id] = inbound.person.display_name
        key = (inbound.thread.platform, inbound.event_id)
        if key in self.events or key in self._restored:
            return None
        now = self._clock.now()
        event = self.events[key] = AcceptedEvent(self.ids.next(now), inbound, now)
        self.states[event.key] = EventState.ACCEPTED
        return event

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        await self._write()
        if any(self._has_answer(key) for key in record.answered):
            raise AlreadyAnsweredError("answered already")
        record = record.as_amended({name: text for key in record.answered for name, text in self.amended.get(key, ())})
        heads = self.heads | {head.conversation_id: self._not_going_back(head) for head in record.heads}
        kept = self.messages.get(record.conversation_id, [])
        refuse_what_a_database_refuses(heads, kept, record)
        self.heads = heads
        for head in record.heads:
            self._put_thread_of_head(head.thread)
            self.messages.setdefault(head.conversation_id, [])
        self._supersede(record)
        for message in record.messages:
            self.messages[record.conversation_id].append(message)
            head = self.heads[record.conversation_id]
            self.heads[record.conversation_id] = head.with_message(message)
        if record.people:
            platform = self.heads[record.conversation_id].thread.platform
            self.people.update({(platform, person.external_id): person.display_name for person in record.people})
        self.told_once.update({(each.platform, each.external_id, each.what): each.mark for each in record.told})
        self.usage.extend(record.usage)
        self.usage_of.setdefault(record.conversation_id, []).extend(record.usage)
        if record.unasked is not None:
            self.events[record.unasked.inbound.thread.platform, record.unasked.inbound.event_id] = record.unasked
        self._answer(record)
        return record.messages

    async def told(self, platform: Platform, external_ids: Sequence[str], what: str) -> dict[str, str]:
        await asyncio.sleep(0)
        asked = {who: self.told_once.get((platform, who, what)) for who in external_ids}
        return {who: mark for who, mark in asked.items() if mark is not None}

    async def rename_transcript(self, conversation_id: int, filename: str) -> None:
        await self._write()
        if conversation_id in self.heads:
            self.heads[conversation_id] = replace(self.heads[conversation_id], filename=filename)

    async def mark_delivered(self, keys: Sequence[int]) -> None:
        await self._write()
        for key in keys:
            if self.states.get(key) is EventState.ANSWERED:
                self.states[key] = EventState.DELIVERED

    async def unanswered(self, *, platform: Platform | None = None) -> list[AcceptedEvent]:
        await asyncio.sleep(0)
        return [
            self._as_accepted(event)
            for event in self.events.values()
            if self.states[event.key] is EventState.ACCEPTED and platform in (None, event.inbound.thread.platform)
        ]

    async def undelivered(self, thread: ThreadKey | None = None) -> list[UndeliveredReply]:
        await asyncio.sleep(0)
        found: dict[tuple[int, int], UndeliveredReply] = {}
        for key, (conversation_id, message_id) in sorted(self.replies.items(), key=lambda item: item[0]):
            said = self._said(conversation_id, self._message(conversation_id, message_id))
            if self.states[key] is EventState.ANSWERED and thread in (None, said.thread.key):
                which = (conversation_id, message_id)
                earlier = found[which].keys if which in found else ()
                found[which] = UndeliveredReply((*earlier, key), said.thread, conversation_id, said.message)
        return list(found.values())

    async def active(self, thread: ThreadKey) -> StoredConversation | None:
        await asyncio.sleep(0)
        for head in self.heads.values():
            if head.is_active and head.thread.key == thread:
                return self._whole(head)
        return None

    async def load(self, conversation_id: int) -> StoredConversation | None:
        await asyncio.sleep(0)
        head = self.heads.get(conversation_id)
        return self._whole(head) if head else None

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        await asyncio.sleep(0)
        return next((self._placed(head) for head in self._by_activity() if head.thread.key == thread), None)

    async def listing(
        self, *, scope: Scope | None = None, thread: ThreadKey | None = None, limit: int = 50, offset: int = 0
    ) -> list[ConversationListing]:
        await asyncio.sleep(0)
        heads = [
            head
            for head in self._by_activity()
            if thread in (None, head.thread.key) and (scope is None or self._sees(scope, head))
        ]
        return [self._listed(head) for head in heads[offset : offset + limit]]

    async def search(self, words: str, *, scope: Scope | None = None, limit: int = 10) -> list[SearchHit]:
        """Rank by how many of the words are missing."""
        await asyncio.sleep(0)
        wanted = words.casefold().split()
        hits = [
            SearchHit(message, head.conversation_id, self.threads[head.thread.key], float(missing))
            for head in self.heads.values()
            if scope is None or self._sees(scope, head)
            for message in self.messages[head.conversation_id]
            if message.message_type is MessageType.CHAT
            and message.is_kept
            and (missing := sum(not _contains(message.message_content.casefold(), word) for word in wanted))
            < len(wanted)
        ]
        return sorted(hits, key=lambda hit: (hit.rank, -hit.message.message_id))[:limit]

    async def every_conversation(self) -> AsyncGenerator[StoredConversation]:
        for _, head in sorted(self.heads.items()):
            await asyncio.sleep(0)
            yield self._whole(head)

    async def count(self) -> int:
        await asyncio.sleep(0)
        return len(self.heads)

    async def restore(self, conversations: Sequence[StoredConversation]) -> None:
        await self._write()
        for conversation in conversations:
            head = conversation.head
            self._put_thread_of_head(head.thread)
            if head.is_active:
                self._end_the_active_one(head.thread.key)
            kept = {message.message_id: message for message in self.messages.get(head.conversation_id, ())}
            given = {message.message_id: message for message in conversation.messages}
            self.messages[head.conversation_id] = [message for _, message in sorted((kept | given).items())]
            for number in kept.keys() - given.keys():
                head = head.with_message(kept[number])
            self.heads[head.conversation_id] = head
            self.people.update({(head.thread.platform, who): name for who, name in conversation.people.items()})
            for message in conversation.messages:
                if message.event_id is not None:
                    self._restore_event((head.thread.platform, message.event_id))

    def _has_answer(self, key: int) -> bool:
        """What was taken back while it was being answered has none."""
        is_waiting = self.states.get(key, EventState.ACCEPTED) is EventState.ACCEPTED
        return not is_waiting and (key in self.answered or key not in self.amended)

    def _answer(self, record: TurnRecord) -> None:
        is_said = record.unasked is not None
        reply = next((m for m in reversed(record.messages) if is_reply(m) or (is_said and m.is_of_business)), None)
        self.answered.update(record.answered)
        for key in record.answered:
            self.states[key] = EventState.DELIVERED if reply is None else EventState.ANSWERED
            if reply is not None:
                self.replies[key] = (record.conversation_id, reply.message_id)

    def _supersede(self, record: TurnRecord) -> None:
        for old in record.superseded:
            place = (record.conversation_id, old)
            for message in self.messages[record.conversation_id]:
                if message.message_id == old and message.is_kept:
                    self._put_message(record.conversation_id, replace(message, standing=Standing.SUPERSEDED))
            for key, where in self.replies.items():
                if where == place:
                    self.states[key] = EventState.DELIVERED

    def _end_the_active_one(self, thread: ThreadKey) -> None:
        for head in self.heads.values():
            if head.is_active and head.thread.key == thread:
                ended = replace(head, state=ConversationState.ENDED, ended_at=self._clock.now())
                self.heads[head.conversation_id] = ended
                return

    def _restore_event(self, key: tuple[Platform, str]) -> None:
        self._restored.add(key)
        event = self.events.get(key)
        if event is not None and self.states[event.key] is EventState.ACCEPTED:
            self.states[event.key] = EventState.DELIVERED

    def _by_activity(self) -> list[ConversationHead]:
        return sorted(self.heads.values(), key=lambda head: (head.last_activity, head.conversation_id), reverse=True)

    def _sees(self, scope: Scope, head: ConversationHead) -> bool:
        took_part = scope.external_id == head.requester or any(
            message.requester == scope.external_id for message in self.messages[head.conversation_id]
        )
        thread = self.threads[head.thread.key]
        place = thread.platform == scope.platform and thread.guild_id == scope.guild_id
        return place and took_part and thread.circle in (None, scope.circle)

    def _listed(self, head: ConversationHead) -> ConversationListing:
        return ConversationListing(
            conversation_id=head.conversation_id,
            thread=self.threads[head.thread.key],
            title=head.title,
            summary=head.summary,
            state=head.state,
            created_at=head.created_at,
            last_message_at=head.last_message_at,
            message_count=sum(
                m.message_type is MessageType.CHAT and m.is_kept for m in self.messages[head.conversation_id]
            ),
            parent_conversation_id=head.parent_conversation_id,
            created_reason=head.created_reason.value,
            filename=head.filename,
        )


def _contains(text: str, word: str) -> bool:
    """Whole words, but for scripts without spaces and for marks."""
    tokens = re.findall(r"\w+", word)
    return set(tokens) <= set(re.findall(r"\w+", text)) if tokens and word.isascii() else word in text
