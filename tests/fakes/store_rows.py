"""What the store in memory holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import StoreError
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, EventState, ModelUsage, SaidMessage, TurnRecord
from source.ports.clock import Clock


class StoreRows:
    """The rows of a store, and what follows from them."""

    def __init__(self, clock: Clock) -> None:
        self.ids = IdGenerator()
        self.threads: dict[ThreadKey, ThreadRef] = {}
        self.heads: dict[int, ConversationHead] = {}
        self.messages: dict[int, list[Message]] = {}
        self.people: dict[tuple[Platform, str], str] = {}
        self.events: dict[tuple[Platform, str], AcceptedEvent] = {}
        self.states: dict[int, EventState] = {}
        # By the key of an event, where the reply to it is: a conversation's id and its message's.
        self.replies: dict[int, tuple[int, int]] = {}
        self.answered: set[int] = set()
        self.usage: list[ModelUsage] = []
        self.usage_of: dict[int, list[ModelUsage]] = {}
        self.failing: StoreError | None = None
        self._restored: set[tuple[Platform, str]] = set()
        self._clock = clock

    async def _write(self) -> None:
        await asyncio.sleep(0)
        if self.failing is not None:
            raise self.failing

    def _put_thread_of_head(self, thread: ThreadRef) -> None:
        """Keep the thread's circle if it has one: only its channel may open what was closed."""
        known = self.threads.get(thread.key, thread)
        self.threads[thread.key] = replace(thread, circle=known.circle or thread.circle)

    def _placed(self, head: ConversationHead) -> ConversationHead:
        return replace(head, thread=self.threads[head.thread.key])

    def _as_accepted(self, event: AcceptedEvent) -> AcceptedEvent:
        inbound = event.inbound
        name = self.people[inbound.thread.platform, inbound.person.external_id]
        person = replace(inbound.person, display_name=name)
        return replace(event, inbound=replace(inbound, thread=self.threads[inbound.thread.key], person=person))

    def _whole(self, head: ConversationHead) -> StoredConversation:
        messages = tuple(sorted(self.messages[head.conversation_id], key=lambda message: message.message_id))
        took_part = {message.requester for message in messages if message.requester} | {head.requester}
        names = {
            who: name
            for (platform, who), name in self.people.items()
            if who in took_part and platform == head.thread.platform
        }
        return StoredConversation(self._placed(head), messages, names)

    def _message(self, conversation_id: int, message_id: int) -> Message:
        return next(message for message in self.messages[conversation_id] if message.message_id == message_id)

    def _put_message(self, conversation_id: int, message: Message) -> None:
        said = self.messages.get(conversation_id, [])
        for position, known in enumerate(said):
            if known.message_id == message.message_id:
                said[position] = message
                return
        raise StoreError("a correction of a message that the store does not have")

    def _said(self, conversation_id: int, message: Message) -> SaidMessage:
        return SaidMessage(conversation_id, self._placed(self.heads[conversation_id]).thread, message)

    def _not_going_back(self, head: ConversationHead) -> ConversationHead:
        stored = self.heads.get(head.conversation_id)
        if stored is None:
            return head
        said: list[datetime] = [moment for moment in (stored.last_message_at, head.last_message_at) if moment]
        return replace(
            head, updated_at=max(stored.updated_at, head.updated_at), last_message_at=max(said) if said else None
        )


def refuse_what_a_database_refuses(
    heads: dict[int, ConversationHead], kept: Sequence[Message], record: TurnRecord
) -> None:
    active = [head.thread.key for head in heads.values() if head.is_active]
    if len(active) != len(set(active)):
        raise StoreError("two active conversations in one thread")
    if (record.messages or record.usage) and record.conversation_id not in heads:
        raise StoreError("no such conversation")
    numbers = [message.message_id for message in (*kept, *record.messages)]
    if len(numbers) != len(set(numbers)):
        raise StoreError("a message twice")


def is_reply(message: Message) -> bool:
    return message.message_type is MessageType.CHAT and message.requester is None
