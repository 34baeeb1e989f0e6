"""The manager's object: a changing owner of frozen messages."""

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from source.domain.context import tool_calls
from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.errors import StoreError, TranscriptError
from source.domain.history import History
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, as_utc
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.transcript_name import transcript_name
from source.domain.turn import TurnRecord
from source.ports.files import TranscriptFiles
from source.ports.store import ConversationStore
from source.services.described_by_head import DescribedByHead

log = structlog.get_logger(__name__)
_own_ids = IdGenerator()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation at one moment, and what of it the store does not have yet."""

    revision: int
    conversation: StoredConversation
    unstored: tuple[Message, ...]
    head_unstored: bool


class Conversation(DescribedByHead):
    """One dialogue in a thread.

    Messages are appended from any thread; `save_conversation` makes the store, where there is one,
    and the transcript have everything said so far.
    """

    __slots__ = (
        "_giving",
        "_head_unstored",
        "_ids",
        "_lock",
        "_saved_revision",
        "_unstored",
        "conversation_file_manager",
        "counted_bytes",
        "history",
        "people",
        "revision",
        "store",
        "used_at",
    )

    conversation_file_manager: TranscriptFiles | None

    def __init__(
        self,
        thread_id: str,
        created_at: datetime,
        guild_id: str | None,
        guild_name: str | None,
        requester: str | None,
        *,
        platform: Platform = Platform.DISCORD,
        conversation_file_manager: TranscriptFiles | None = None,
        ids: IdGenerator = _own_ids,
    ) -> None:
        began = as_utc(created_at)
        self._begin(
            ConversationHead(
                conversation_id=ids.next(began),
                thread=ThreadRef(platform, thread_id, guild_id, guild_name),
                requester=requester,
                created_at=began,
                updated_at=began,
                created_reason=CreatedReason.API,
                filename=transcript_name(
                    created_at=created_at, requester=requester, guild_id=guild_id, platform=platform
                ),
            ),
            ids,
        )
        self.conversation_file_manager = conversation_file_manager

    def _begin(self, head: ConversationHead, ids: IdGenerator) -> None:
        self.head = head
        self.history = History()
        self.people: dict[str, str] | None = None
        self.conversation_file_manager = None
        self.store: ConversationStore | None = None
        self.revision = 1
        self.used_at = 0.0
        self.counted_bytes = 0
        self._saved_revision = 0
        self._unstored: list[Message] | None = None
        self._head_unstored = True
        self._giving: asyncio.Lock | None = None
        self._ids = ids
        self._lock = threading.Lock()

    @classmethod
    def begun(cls, head: ConversationHead, ids: IdGenerator) -> "Conversation":
        """Return a new, empty conversation that nothing on disk knows yet."""
        conversation = cls.__new__(cls)
        conversation._begin(head, ids)
        return conversation

    @classmethod
    def loaded(cls, stored: StoredConversation, ids: IdGenerator) -> "Conversation":
        """Return a conversation as the store has it."""
        conversation = cls.begun(stored.head, ids)
        conversation.history = History(stored.messages)
        conversation.people = dict(stored.people) or None
        conversation._head_unstored = False
        conversation._saved_revision = conversation.revision
        return conversation

    @property
    def summary(self) -> str:
        return self.head.summary

    @summary.setter
    def summary(self, text: str) -> None:
        self.revise(replace(self.head, summary=text))

    @property
    def participants(self) -> list[str]:
        """Ids of everyone who spoke, the one who began first."""
        first = [self.head.requester] if self.head.requester is not None else []
        spoke = (message.requester for message in self.history if message.requester is not None)
        return list(dict.fromkeys([*first, *spoke]))

    @property
    def size_bytes(self) -> int:
        return self.history.size_bytes

    @property
    def has_home(self) -> bool:
        """Whether there is anything to save it with."""
        return self.conversation_file_manager is not None or self.store is not None

    @property
    def is_saved(self) -> bool:
        """Whether nothing has changed since the last `persist` that succeeded."""
        return self._saved_revision == self.revision

    @property
    def has_unstored(self) -> bool:
        """Whether something was said here that the store has not been given."""
        return bool(self._unstored)

    def tool_calls(self) -> list[dict[str, object]]:
        """Return every tool call in order: name, params and, where known, id and response."""
        return tool_calls(self.history)

    def contains(self, text: str) -> bool:
        """Whether any message contains `text`, compared without case."""
        wanted = text.casefold()
        return any(wanted in message.message_content.casefold() for message in self.history if message.is_kept)

    def add_message(self, message: Message) -> Message:
        """Append a message and return it with its id; it is durable once the conversation is saved."""
        with self._lock:
            taken = self.take(message)
            self._keep((taken,))
            self._unstored = [*(self._unstored or ()), taken]
            return taken

    def take(self, message: Message) -> Message:
        """Return `message` with an id of its own, not yet part of the history."""
        if message.message_id:
            return message
        # Not by the message's own time, which its sender chose: ids only have to grow.
        return replace(message, message_id=self._ids.next(self.head.created_at))

    def keep_committed(
        self,
        messages: Iterable[Message],
        *,
        head: ConversationHead | None = None,
        people: Iterable[PersonRef] = (),
        changed: Iterable[Message] = (),
    ) -> None:
        """Take over what the store has just committed; `changed` take the places of earlier messages."""
        with self._lock:
            for message in changed:
                self.history.replace(message)
            if head is not None:
                self.head = head
                self._head_unstored = False
            for person in people:
                self.people = {**(self.people or {}), person.external_id: person.display_name}
            self._keep(tuple(messages))

    def revise(self, head: ConversationHead) -> None:
        """Change the head; it is durable once the conversation is saved."""
        with self._lock:
            self.head = head
            self.revision += 1
            self._head_unstored = True

    def mark_unwritten(self) -> None:
        """The transcript may lack something that the store has."""
        self.revision += 1

    def _keep(self, messages: tuple[Message, ...]) -> None:
        for message in messages:
            self.history.append(message)
            self.head = self.head.with_message(message)
        self.revision += 1

    async def save_conversation(self) -> bool:
        """Save to the store, where there is one, and to the transcript; return whether both have all of it.

        Raises: ValueError: there is no file manager to save with.
        """
        if self.conversation_file_manager is None:
            raise ValueError("conversation_file_manager is not set. Cannot save conversation.")
        return await self.persist()

    async def settle(self) -> None:
        """Give the store, where there is one, what only memory has.

        Raises: StoreError: it has not taken it.
        """
        if self._head_unstored or self._unstored:
            await self._give_to_store(self.snapshot())

    async def persist(self) -> bool:
        """Save with whatever there is to save with and pack the messages; False when saving failed."""
        if self.is_saved:
            return True
        snapshot = self.snapshot()
        try:
            await self._give_to_store(snapshot)
            await self._write(snapshot)
        except (StoreError, TranscriptError) as error:
            log.warning("conversation_not_saved", conversation_id=self.conversation_id, error=str(error))
            return False
        with self._lock:
            self._saved_revision = max(self._saved_revision, snapshot.revision)
            if self._saved_revision == self.revision:
                self.history.pack()
        return True

    def snapshot(self) -> Snapshot:
        """Return the conversation as it is now."""
        with self._lock:
            whole = StoredConversation(self.head, tuple(self.history), dict(self.people or {}))
            return Snapshot(self.revision, whole, tuple(self._unstored or ()), self._head_unstored)

    async def _give_to_store(self, snapshot: Snapshot) -> None:
        """Commit what of the snapshot the store still lacks; one at a time, so that nothing is given twice."""
        self._giving = self._giving or asyncio.Lock()
        async with self._giving:
            waiting = {message.message_id for message in self._unstored or ()}
            unstored = tuple(message for message in snapshot.unstored if message.message_id in waiting)
            head_unstored = snapshot.head_unstored and self._head_unstored
            if self.store is not None and (unstored or head_unstored):
                heads = await self._heads_to_store(self.store) if head_unstored else ()
                await self.store.commit_turn(TurnRecord(self.conversation_id, messages=unstored, heads=heads))
            given = {message.message_id for message in snapshot.unstored}
            with self._lock:
                self._unstored = [each for each in self._unstored or () if each.message_id not in given] or None
                if self.revision == snapshot.revision:
                    self._head_unstored = False

    async def _heads_to_store(self, store: ConversationStore) -> tuple[ConversationHead, ...]:
        """Return this head and before it that of the conversation that it takes the thread over from."""
        return (*(await self._displaced(store, self.head) if self.head.is_active else ()), self.head)

    async def _displaced(self, store: ConversationStore, head: ConversationHead) -> tuple[ConversationHead, ...]:
        """Return the head, ended, of the conversation that this one takes the thread over from."""
        other = await store.active(head.thread.key)
        if other is None or other.head.conversation_id == head.conversation_id:
            return ()
        ended = replace(other.head, state=ConversationState.ENDED, ended_at=head.created_at)
        return (ended,)

    async def _write(self, snapshot: Snapshot) -> None:
        if self.conversation_file_manager is None:
            return
        name = await self.conversation_file_manager.save(snapshot.conversation)
        if name == self.head.filename:
            return
        with self._lock:
            self.head = replace(self.head, filename=name)
        if self.store is not None:
            # The name alone: a turn that commits meanwhile may be changing the rest of the head.
            await self.store.rename_transcript(self.conversation_id, name)
