"""Making, changing and deleting sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from source.domain.conversation_head import ConversationHead, CreatedReason
from source.domain.records import SESSIONS
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.transcript_name import transcript_name
from source.ports.clock import Clock
from source.ports.records import RecordStore, Refusal, SessionWrite, Written
from source.ports.store import ConversationStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.held_conversations import Holding
from source.services.record_bulk import not_after, written
from source.services.record_speakers import Speakers

_OF_HEAD = frozenset({"title", "summary"})
_OF_PLACE = frozenset({"user_id", "platform", "thread_id", "start_time"})
Values = Mapping[str, object]


class Deletion(Protocol):
    """Deletes conversations wherever something of them is."""

    async def delete(self, conversation_id: int) -> bool:
        """Delete it from the store, the transcripts, the archive and memory; False: there is none.

        Raises: EchoError: the store still has it.
        """
        ...


class SessionKeeping:
    """What programs do with sessions; a session is a conversation, and stays one for everybody else."""

    def __init__(
        self,
        records: RecordStore,
        store: ConversationStore,
        manager: InMemoryConversationManager,
        deletion: Deletion,
        clock: Clock,
    ) -> None:
        self._records = records
        self._store = store
        self._manager = manager
        self._deletion = deletion
        self._clock = clock
        self._holding = Holding(manager, store)

    async def create(self, items: Sequence[Values], *, partial: bool) -> list[Written]:
        """Begin conversations, as the API's own; each is written as a transcript too."""
        threads = [await self._thread(item) for item in items]
        async with self._holding.of(*(thread for thread in threads if thread is not None)):
            writes = [self._new(item, thread) for item, thread in zip(items, threads, strict=True)]
            heads = [write.head for write in writes if write.head is not None]
            speakers = await Speakers.of(self._records, ((head.thread.platform, head.requester) for head in heads))
            outcomes = await self._records.write(writes, partial=partial)
            for head, outcome in zip(heads, outcomes, strict=True):
                if outcome.key is not None:
                    conversation = Conversation.begun(head, self._manager.ids)
                    people = speakers.person(head.thread.platform, head.requester)
                    conversation.keep_committed((), head=head, people=people)
                    self._manager.keep(conversation)
        return outcomes

    async def change(
        self, keys: Sequence[int], changes: Values, *, partial: bool, version: int | None = None
    ) -> list[Written]:
        """Change sessions alike; what stands in transcripts is changed while nobody speaks there."""
        facts = _without(changes, _OF_HEAD)
        if not _OF_HEAD & changes.keys():
            writes = [SessionWrite(key, facts=facts, version=version) for key in keys]
            return await self._records.write(writes, partial=partial)
        threads = await self._records.threads_of(keys)
        async with self._holding.of(*threads.values()) as held:
            copies = {key: copy for key in threads if (copy := await held.copy_of(key)) is not None}
            heads = {key: self._changed(copy.head, changes) for key, copy in copies.items()}
            writes = [SessionWrite(key, heads.get(key), facts, version) for key in keys]
            outcomes = await self._records.write(writes, partial=partial)
            for outcome in outcomes:
                if outcome.key is not None and outcome.key in copies:
                    copies[outcome.key].keep_committed((), head=heads[outcome.key])
                    held.keep(copies[outcome.key])
        return outcomes

    async def delete(self, keys: Sequence[int], *, partial: bool, version: int | None = None) -> list[Written]:
        """Delete conversations, everywhere and for good; without `partial` none unless all are there.

        Raises: EchoError: it is done one after another, and those before are deleted.
        """
        known = await self._records.read(SESSIONS, keys)

        async def delete(prepared: Sequence[int]) -> list[Written]:
            return [Written(key) if await self._deletion.delete(key) else _missing(key) for key in prepared]

        return await written([_deletable(key, known.get(key), version) for key in keys], delete, partial=partial)

    def _new(self, item: Values, thread: ThreadRef | None) -> SessionWrite:
        now = self._clock.now()
        began = not_after(now, item.get("start_time"))
        conversation_id = self._manager.ids.next(now)
        place = thread or ThreadRef(_platform(item), f"session-{conversation_id}")
        user = _text(item, "user_id") or None
        head = ConversationHead(
            conversation_id=conversation_id,
            thread=place,
            requester=user,
            created_at=began,
            updated_at=now,
            created_reason=CreatedReason.API,
            filename=transcript_name(
                created_at=began, requester=user, guild_id=place.guild_id, platform=place.platform
            ),
            title=_text(item, "title"),
            summary=_text(item, "summary"),
        )
        return SessionWrite(conversation_id, head, facts=_without(item, _OF_HEAD | _OF_PLACE), is_new=True)

    async def _thread(self, item: Values) -> ThreadRef | None:
        """Return the named thread as it is known, for who can read along there must not change; None: a new one."""
        thread_id = _text(item, "thread_id")
        if not thread_id:
            return None
        latest = await self._store.latest(ThreadKey(_platform(item), thread_id))
        return latest.thread if latest is not None else ThreadRef(_platform(item), thread_id)

    def _changed(self, head: ConversationHead, changes: Values) -> ConversationHead:
        title, summary = changes.get("title", head.title), changes.get("summary", head.summary)
        now = max(self._clock.now(), head.updated_at)
        return replace(head, title=str(title), summary=str(summary), updated_at=now)


def _platform(item: Values) -> Platform:
    return Platform(_text(item, "platform") or Platform.WEB)


def _deletable(key: int, record: Values | None, version: int | None) -> int | Written:
    if record is None:
        return _missing(key)
    if version is not None and record["version"] != version:
        return Written(None, Refusal.CONFLICT, f"It is at version {record['version']} now: read it again.")
    return key


def _missing(key: int) -> Written:
    return Written(None, Refusal.MISSING, f"There is no session {key}.")


def _without(values: Values, names: frozenset[str]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}


def _text(values: Values, name: str) -> str:
    return str(values.get(name) or "")
