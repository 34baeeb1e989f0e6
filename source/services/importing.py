"""Takes over what was said before Echo was there; nothing of it is answered."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.imports.chat import ExportedChat, ExportedMessage
from source.domain.imports.cutting import cut
from source.domain.message import Message, as_utc
from source.domain.thread import Platform
from source.ports.imports import FollowingChanges, ImportStore, KnownMessages
from source.services.import_making import ImportMaking
from source.services.import_people import ImportPeople

Progress = Callable[[int, int | None], None]

_CONVERSATIONS_A_TRANSACTION: Final = 50
_MESSAGES_A_TRANSACTION: Final = 2_000


@dataclass(slots=True)
class ImportReport:
    """How many messages were new, in how many conversations, and how many were there already, or read otherwise.

    `conversations` are those of which something is new.
    """

    imported: int = 0
    begun: int = 0
    continued: int = 0
    known: int = 0
    changed: int = 0
    conversations: set[int] = field(default_factory=set)


class Import:
    """Puts an export into the store, conversation by conversation; run again after a kill, it goes on.

    What the store has, or had until it was forgotten or deleted, is not taken again.
    """

    def __init__(
        self,
        store: ImportStore,
        known: KnownMessages,
        making: ImportMaking,
        people: ImportPeople,
        changes: FollowingChanges,
        *,
        window: timedelta,
    ) -> None:
        self._store = store
        self._people = people
        self._changes = changes
        self._known = known
        self._making = making
        self._window = window

    async def take(self, chat: ExportedChat, progress: Progress) -> ImportReport:
        """Store what is new of an export, by transactions of whole conversations.

        Raises: StoreError; the conversations of earlier transactions are stored.
        """
        batch = _Batch(self._store, chat, self._making, ImportReport())
        done, total = 0, len(chat.messages)
        for part in cut(chat.messages, self._window):
            known = await self._known.known(chat.thread.platform, [each.event_id for each in part])
            await self._take_part(batch, part, known)
            done += len(part)
            progress(done, total)
            # The summaries are made on this loop: whoever interrupts is heard between two conversations.
            await asyncio.sleep(0)
        await batch.flush()
        for event_id, message in batch.changes:
            await self._follow(chat.thread.platform, event_id, message)
        return batch.report

    async def _follow(self, platform: Platform, event_id: str, message: ExportedMessage) -> None:
        if message.is_deleted:
            await self._changes.deleted(platform, [event_id])
        else:
            await self._changes.edited(platform, event_id, message.text, message.said_at)

    async def _take_part(self, batch: "_Batch", part: Sequence[ExportedMessage], known: dict[str, int | None]) -> None:
        new = [each for each in part if each.event_id not in known]
        stands_in = [key for each in part if (key := known.get(each.event_id)) is not None]
        if new:
            await self._find_place(batch)
            new = [await self._people.message(each, batch.thread.platform) for each in new]
        if stands_in:
            new = await self._changes_apart(batch, await batch.imported(stands_in[-1]), part, new)
        batch.report.known += len(part) - len(new)
        if not new:
            batch.previous = stands_in[-1] if stands_in else batch.previous
            return
        earlier = await batch.imported(stands_in[-1]) if stands_in else await self._just_before(batch, part[0])
        if earlier is None:
            await batch.begin(new)
            return
        # A conversation grows at its end alone: what was said before its last message is one of its own.
        ended_with = max(message.created_at for message in earlier.messages)
        missed = [each for each in new if each.said_at < ended_with]
        following = [each for each in new if each.said_at >= ended_with]
        if missed:
            await batch.begin(missed)
        if following:
            await batch.go_on(earlier, following)

    async def _find_place(self, batch: "_Batch") -> None:
        """Have the thread be as Echo knows it: who can read along is what its platform has told."""
        if batch.is_placed:
            return
        thread = await self._people.thread(batch.thread)
        batch.latest = await self._store.latest(thread.key)
        batch.thread = thread if batch.latest is None else replace(thread, circle=batch.latest.thread.circle)
        batch.is_placed = True

    async def _changes_apart(
        self,
        batch: "_Batch",
        stored: StoredConversation | None,
        part: Sequence[ExportedMessage],
        new: Sequence[ExportedMessage],
    ) -> list[ExportedMessage]:
        """Note what was edited or deleted since the last import, which makes another id of it; return the others."""
        given = {each.event_id for each in part}
        gone = [each for each in stored.messages if each.event_id not in given] if stored is not None else []
        others = []
        for each in new:
            same = next((message for message in gone if _may_have_become(message, each)), None)
            if same is None or same.event_id is None:
                others.append(each)
                continue
            gone.remove(same)
            if self._making.differs(same, each):
                batch.changes.append((same.event_id, each))
                batch.report.changed += 1
        return others

    async def _just_before(self, batch: "_Batch", first: ExportedMessage) -> StoredConversation | None:
        """Return the imported conversation that this goes on with: an export may come in several files."""
        latest = batch.latest
        if batch.has_begun or latest is None or latest.last_message_at is None:
            return None
        goes_on = timedelta(0) <= first.said_at - latest.last_message_at < self._window
        return await batch.imported(latest.conversation_id) if goes_on else None


class _Batch:
    """Conversations on their way into one transaction."""

    def __init__(self, store: ImportStore, chat: ExportedChat, making: ImportMaking, report: ImportReport) -> None:
        self._store = store
        self._making = making
        self._waiting: dict[int, StoredConversation] = {}
        self._new_messages = 0
        self._partner = chat.partner
        self.thread = chat.thread
        self.report = report
        self.previous: int | None = None
        self.changes: list[tuple[str, ExportedMessage]] = []
        self.has_begun = False
        self.is_placed = False
        self.latest: ConversationHead | None = None

    async def imported(self, conversation_id: int) -> StoredConversation | None:
        """Return a conversation that an import may add to: those of Echo's own are left as they are."""
        found = self._waiting.get(conversation_id) or await self._store.load(conversation_id)
        if found is None or not found.messages:
            return None
        is_imported = found.head.created_reason is CreatedReason.IMPORT
        return found if is_imported and found.head.state is ConversationState.ENDED else None

    async def begin(self, said: Sequence[ExportedMessage]) -> None:
        conversation = await self._making.begun(
            self.thread, said, self._store.ids, parent=self.previous, partner=self._partner
        )
        self.report.begun += 1
        await self._put(conversation, len(said))

    async def go_on(self, before: StoredConversation, said: Sequence[ExportedMessage]) -> None:
        conversation = await self._making.continued(before, said, self._store.ids)
        self.report.continued += 1
        await self._put(conversation, len(said))

    async def flush(self) -> None:
        """Commit what waits."""
        if self._waiting:
            await self._store.restore(list(self._waiting.values()))
        self._waiting, self._new_messages = {}, 0

    async def _put(self, conversation: StoredConversation, new: int) -> None:
        self.has_begun = True
        self.previous = conversation.head.conversation_id
        self._waiting[self.previous] = conversation
        self.report.imported += new
        self.report.conversations.add(self.previous)
        self._new_messages += new
        if len(self._waiting) >= _CONVERSATIONS_A_TRANSACTION or self._new_messages >= _MESSAGES_A_TRANSACTION:
            await self.flush()


def _may_have_become(message: Message, said: ExportedMessage) -> bool:
    """Whether somebody's message may read so now: an export says that it was changed, not what it was."""
    is_changed = said.was_edited or said.is_deleted
    is_theirs = said.speaker is not None and message.requester == said.speaker.external_id
    return is_changed and is_theirs and as_utc(message.created_at) == said.said_at


async def foreseen(chat: ExportedChat, known: KnownMessages, window: timedelta) -> ImportReport:
    """Return what taking an export would come to; nothing is written. Conversations that only grow count as begun."""
    report = ImportReport()
    for part in cut(chat.messages, window):
        there = await known.known(chat.thread.platform, [each.event_id for each in part])
        new = sum(each.event_id not in there for each in part)
        report.known += len(part) - new
        report.imported += new
        report.begun += new > 0
    return report
