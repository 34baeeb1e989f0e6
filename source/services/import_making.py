"""Conversations made of what was exported, as they would be had Echo heard it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.identifiers import IdGenerator
from source.domain.imports.chat import ExportedMessage
from source.domain.message import Message, MessageType, Standing
from source.domain.thread import ThreadRef
from source.domain.transcript_name import name_of
from source.services.scrubbing import Keeping
from source.services.summarizer import SummaryResult


class Summarizing(Protocol):
    """Says without a model what a conversation was about."""

    async def summarize_offline(
        self, head: ConversationHead, messages: Sequence[Message], people: Mapping[str, str]
    ) -> SummaryResult: ...


class ImportMaking:
    """Makes ended conversations; what is kept of them is what would be kept of messages that come in."""

    def __init__(self, summarizer: Summarizing, keeping: Keeping, *, window: timedelta, now: datetime) -> None:
        self._summarizer = summarizer
        self._keeping = keeping
        self._window = window
        self._now = now

    async def begun(
        self,
        thread: ThreadRef,
        said: Sequence[ExportedMessage],
        ids: IdGenerator,
        *,
        parent: int | None,
        partner: str | None = None,
    ) -> StoredConversation:
        """Return a conversation of nothing but this; a `partner` has begun it, whoever spoke first."""
        first = min(each.said_at for each in said)
        people = [each.speaker.external_id for each in said if each.speaker is not None]
        head = ConversationHead(
            conversation_id=ids.next(self._now),
            thread=thread,
            requester=partner or next(iter(people), None),
            created_at=first,
            updated_at=first,
            created_reason=CreatedReason.IMPORT,
            filename="",
            state=ConversationState.ENDED,
            parent_conversation_id=parent,
        )
        head = replace(head, filename=name_of(head))
        return await self.continued(StoredConversation(head, (), {}), said, ids)

    async def continued(
        self, before: StoredConversation, said: Sequence[ExportedMessage], ids: IdGenerator
    ) -> StoredConversation:
        """Return an imported conversation with what followed in it."""
        messages = (*before.messages, *(self._message(each, ids) for each in said))
        named = {each.speaker.external_id: each.speaker.display_name for each in said if each.speaker is not None}
        people = {**before.people, **named}
        last = max(each.created_at for each in messages)
        ended_at = min(last + self._window, self._now)
        head = replace(before.head, last_message_at=last, updated_at=max(ended_at, last), ended_at=ended_at)
        summary = (await self._summarizer.summarize_offline(head, messages, people)).summary
        head = replace(head, summary=summary.text, title=summary.title)
        return StoredConversation(head, messages, people)

    def differs(self, stored: Message, said: ExportedMessage) -> bool:
        """Whether a message that is stored would be stored otherwise now."""
        if said.is_deleted or not stored.is_kept:
            return said.is_deleted and stored.is_kept
        return stored.message_content != self._keeping.text(said.text)

    def _message(self, said: ExportedMessage, ids: IdGenerator) -> Message:
        message = Message(
            created_at=said.said_at,
            message_type=MessageType.CHAT,
            message_content=said.text,
            requester=said.speaker.external_id if said.speaker is not None else None,
            message_id=ids.next(self._now),
            event_id=said.event_id,
            edited_at=said.said_at if said.was_edited else None,
            standing=Standing.DELETED if said.is_deleted else Standing.KEPT,
        )
        return self._keeping.message(message)
