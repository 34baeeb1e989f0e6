"""Transcripts on their way into the store, whatever order and state their files are in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.message_text import is_storable
from source.domain.thread import ThreadKey
from source.domain.transcript_name import candidate_names
from source.ports.store import RestoringStore
from source.services.rebuild_merging import merged
from source.services.rebuild_report import Tally

_CONVERSATIONS_A_TRANSACTION: Final = 200
_MESSAGES_A_TRANSACTION: Final = 20_000


class _Seen(NamedTuple):
    updated_at: datetime
    has_own_name: bool
    filename: str


class _Active(NamedTuple):
    last_activity: datetime
    conversation_id: int


class Restoration:
    """Gathers conversations into transactions of the store.

    A transcript is written a moment after the store, so after a kill it may be behind: what the store
    has of a later moment stays, and of two active conversations in a thread the later one stays active.
    """

    def __init__(self, store: RestoringStore, tally: Tally, *, store_is_empty: bool) -> None:
        self._store = store
        self._tally = tally
        self._store_is_empty = store_is_empty
        self._batch: list[StoredConversation] = []
        self._messages = 0
        self._seen: dict[int, _Seen] = {}
        self._active: dict[ThreadKey, _Active] = {}

    async def add(self, conversation: StoredConversation) -> None:
        """Take a conversation; it is in the store after `flush` at the latest."""
        head = conversation.head
        reason = _why_refused(conversation) or await self._why_superseded(head)
        if reason:
            self._tally.skip(head.filename, reason)
            return
        stored = None if self._store_is_empty else await self._store.load(head.conversation_id)
        if stored:
            conversation = merged(stored, conversation)
        if conversation.head.is_active:
            conversation = await self._made_the_only_active(conversation)
        if stored and _holds(stored, conversation):
            self._tally.unchanged += 1
        else:
            await self._gather(conversation)

    async def flush(self) -> None:
        """Commit what has been gathered."""
        if self._batch:
            await self._store.restore(self._batch)
        self._tally.written += len(self._batch)
        self._batch, self._messages = [], 0

    async def _gather(self, conversation: StoredConversation) -> None:
        self._batch.append(conversation)
        self._messages += len(conversation.messages)
        if len(self._batch) >= _CONVERSATIONS_A_TRANSACTION or self._messages >= _MESSAGES_A_TRANSACTION:
            await self.flush()

    async def _why_superseded(self, head: ConversationHead) -> str | None:
        """Say which file has the same conversation as late as this; an older one is superseded by this instead."""
        this = _Seen(head.updated_at, head.filename in candidate_names(replace(head, filename="")), head.filename)
        seen = self._seen.get(head.conversation_id)
        if seen and seen[:2] >= this[:2]:
            return f"the same conversation as {seen.filename}"
        if seen:
            await self.flush()
            self._tally.skip(seen.filename, f"the same conversation as {head.filename}")
        self._seen[head.conversation_id] = this
        return None

    async def _made_the_only_active(self, conversation: StoredConversation) -> StoredConversation:
        key = conversation.head.thread.key
        own = _Active(conversation.head.last_activity, conversation.head.conversation_id)
        rival = self._active.get(key) or await self._active_in_store(key)
        if rival and rival.conversation_id != own.conversation_id:
            if rival > own:
                self._active[key] = rival
                return _ended(conversation)
            await self._end(rival.conversation_id)
        self._active[key] = own
        return conversation

    async def _active_in_store(self, key: ThreadKey) -> _Active | None:
        if self._store_is_empty:
            return None
        for listed in await self._store.listing(thread=key):
            if listed.state is ConversationState.ACTIVE:
                return _Active(listed.last_message_at or listed.created_at, listed.conversation_id)
        return None

    async def _end(self, conversation_id: int) -> None:
        await self.flush()
        conversation = await self._store.load(conversation_id)
        if conversation:
            await self._store.restore([_ended(conversation)])


def _ended(conversation: StoredConversation) -> StoredConversation:
    head = conversation.head
    ended = replace(head, state=ConversationState.ENDED, ended_at=head.ended_at or head.last_activity)
    return replace(conversation, head=ended)


def _holds(stored: StoredConversation, conversation: StoredConversation) -> bool:
    """Whether restoring `conversation` would change nothing."""
    kept = {message.message_id: message for message in stored.messages}
    head = conversation.head
    if head.state is ConversationState.ARCHIVED:
        # It has no file in the folder: what it was called there and what its archive is called may differ.
        head = replace(head, filename=stored.head.filename)
    return (
        stored.head == head
        and stored.people.items() >= conversation.people.items()
        and all(kept.get(message.message_id) == message for message in conversation.messages)
    )


def _why_refused(conversation: StoredConversation) -> str | None:
    if all(map(is_storable, _texts(conversation))):
        return None
    return "it holds NUL or half of a character (a lone surrogate), which the store cannot keep"


def _texts(conversation: StoredConversation) -> Iterator[str]:
    head = conversation.head
    yield from (head.title, head.summary, head.carried_summary, head.running_summary)
    yield from (head.thread.thread_id, head.thread.guild_id or "", head.thread.guild_name or "", head.requester or "")
    yield head.thread.circle or ""
    for person, name in conversation.people.items():
        yield from (person, name)
    for message in conversation.messages:
        yield from (message.message_content, message.requester or "", message.event_id or "")
