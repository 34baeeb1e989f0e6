"""Adding, changing and deleting messages of sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial as given
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.message import Message, MessageType, Standing
from source.domain.records import MESSAGES
from source.ports.clock import Clock
from source.ports.records import MessageWrite, RecordStore, Refusal, Written
from source.ports.store import ConversationStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.held_conversations import HeldConversations, Holding
from source.services.record_bulk import attempted, not_after, written
from source.services.record_speakers import Speakers
from source.services.scrubbing import AS_IT_IS, Keeping

_SAID: Final = frozenset({"session_id", "role", "user_id", "content", "timestamp"})
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Copies:
    """The sessions of messages that are written, while their threads are held."""

    held: HeldConversations
    of: Mapping[int, Conversation]


class MessageKeeping:
    """What programs do with messages: appended as turns are, corrected as people's edits are; nobody answers them."""

    def __init__(
        self,
        records: RecordStore,
        store: ConversationStore,
        manager: InMemoryConversationManager,
        clock: Clock,
        *,
        keeping: Keeping = AS_IT_IS,
    ) -> None:
        self._records = records
        self._manager = manager
        self._clock = clock
        self._keeping = keeping
        self._holding = Holding(manager, store)

    async def create(self, items: Sequence[Values], *, partial: bool) -> list[Written]:
        """Append messages to their sessions, in their order."""
        threads = await self._records.threads_of(sorted({_session(item) for item in items}))
        async with self._holding.of(*threads.values()) as held:
            copies = await _copies(held, threads)
            prepared = attempted(given(self._new, copies), items)
            return await written(prepared, given(self._put, copies, partial=partial), partial=partial)

    async def change(
        self, keys: Sequence[int], changes: Values, *, partial: bool, version: int | None = None
    ) -> list[Written]:
        """Change messages alike; another content is an edit."""
        content = changes.get("content")
        facts = {name: value for name, value in changes.items() if name not in _SAID}
        if content is not None:
            return await self._correct(keys, str(content), facts, version, partial=partial)
        sessions = await self._sessions_of(keys)
        prepared = [
            MessageWrite(sessions[key], key, facts=facts, version=version) if key in sessions else _missing(key)
            for key in keys
        ]
        return await written(prepared, given(self._records.write, partial=partial), partial=partial)

    async def delete(self, keys: Sequence[int], *, partial: bool, version: int | None = None) -> list[Written]:
        """Delete messages: their place in the session stays, their content goes, everywhere."""
        return await self._correct(keys, None, {}, version, partial=partial)

    async def _correct(
        self, keys: Sequence[int], content: str | None, facts: Values, version: int | None, *, partial: bool
    ) -> list[Written]:
        """Give messages another content, or none."""
        sessions = await self._sessions_of(keys)
        threads = await self._records.threads_of(sorted(set(sessions.values())))
        async with self._holding.of(*threads.values()) as held:
            copies = await _copies(held, threads)
            known = {key: copies.of.get(sessions.get(key, 0)) for key in keys}

            def correction(key: int) -> MessageWrite | Written:
                conversation = known[key]
                message = _find(conversation, key) if conversation is not None else None
                if conversation is None or message is None:
                    return _missing(key)
                corrected = self._corrected(message, content)
                session_id = conversation.conversation_id
                return MessageWrite(session_id, key, corrected=corrected, facts=facts, version=version)

            prepared = attempted(correction, keys)
            return await written(prepared, given(self._put, copies, partial=partial), partial=partial)

    async def _sessions_of(self, keys: Sequence[int]) -> dict[int, int]:
        records = await self._records.read(MESSAGES, keys)
        return {key: _session(record) for key, record in records.items()}

    def _new(self, copies: _Copies, item: Values) -> MessageWrite | Written:
        session_id = _session(item)
        conversation = copies.of.get(session_id)
        if conversation is None:
            return Written(None, Refusal.MISSING, f"There is no session {session_id}.")
        said_at = not_after(self._clock.now(), item.get("timestamp"))
        speaker = _speaker(item, conversation)
        if speaker is None and item["role"] == "user":
            return Written(None, Refusal.CONFLICT, f"Session {session_id} has no user: say in user_id who said it.")
        said = Message(said_at, MessageType.CHAT, str(item["content"]), requester=speaker)
        message = conversation.take(self._keeping.message(said))
        facts = {name: value for name, value in item.items() if name not in _SAID}
        return MessageWrite(session_id, message.message_id, new=message, facts=facts)

    def _corrected(self, message: Message, content: str | None) -> Message | None:
        """Return the message as it reads from now on; None: it stays as it is."""
        if message.message_content == content:
            return None
        if message.message_type is not MessageType.CHAT:
            raise RefusedInputError("record.content: what a tool did or the model thought stays as it is.")
        if content is None:
            return replace(message, message_content="", standing=Standing.DELETED, pii=())
        return self._keeping.message(replace(message, message_content=content, edited_at=self._clock.now()))

    async def _put(self, copies: _Copies, writes: Sequence[MessageWrite], *, partial: bool) -> list[Written]:
        """Write, then have memory and transcripts say the same."""
        platforms = {key: copy.head.thread.platform for key, copy in copies.of.items()}
        said = ((platforms[write.session_id], write.new.requester) for write in writes if write.new)
        speakers = await Speakers.of(self._records, said)
        outcomes = await self._records.write(writes, partial=partial)
        changed: dict[int, Conversation] = {}
        for write, outcome in zip(writes, outcomes, strict=True):
            if outcome.key is not None and (write.new or write.corrected):
                conversation = changed[write.session_id] = copies.of[write.session_id]
                conversation.keep_committed(
                    (write.new,) if write.new else (),
                    people=speakers.person(platforms[write.session_id], write.new.requester) if write.new else (),
                    changed=(write.corrected,) if write.corrected else (),
                )
        for conversation in changed.values():
            copies.held.keep(conversation)
        return outcomes


async def _copies(held: HeldConversations, session_ids: Mapping[int, object]) -> _Copies:
    return _Copies(held, {key: copy for key in session_ids if (copy := await held.copy_of(key)) is not None})


def _find(conversation: Conversation, message_id: int) -> Message | None:
    found = (each for each in conversation.history if each.message_id == message_id)
    message = next(found, None)
    return message if message is not None and message.standing is not Standing.DELETED else None


def _missing(key: int) -> Written:
    return Written(None, Refusal.MISSING, f"There is no message {key}.")


def _session(record: Values) -> int:
    session_id = record["session_id"]
    assert isinstance(session_id, int)  # noqa: S101  # its field says so
    return session_id


def _speaker(item: Values, conversation: Conversation) -> str | None:
    if item["role"] == "user":
        return str(item.get("user_id") or "") or conversation.head.requester
    if "user_id" in item:
        raise RefusedInputError("record.user_id: what the assistant says has none.")
    return None
