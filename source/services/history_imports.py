"""Makes conversations of what a platform tells of the time before Echo was there; nothing of it is answered."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.domain.conversation_head import StoredConversation
from source.domain.errors import EchoError
from source.domain.imports.chat import ExportedChat, ExportedMessage
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.clock import Clock
from source.ports.early import EarlyCorrection
from source.ports.history import HistoryNews, HistoryStore, PastMessage
from source.ports.imports import FollowingChanges, KnownMessages
from source.ports.metadata import SyncState, SyncStatus, SyncStore
from source.ports.webhooks import ContactStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.importing import Import
from source.services.pauses import Pauses

log = structlog.get_logger(__name__)

_SOMEBODY: Final = "Somebody"
# Chunks of one chat come in any order, several at a time.
_QUIET: Final = timedelta(seconds=30)
# What was just said comes by itself as well, to be answered: it must not be taken for known by then.
_LIVE_FIRST: Final = timedelta(minutes=15)

Holding = Callable[[int], AbstractAsyncContextManager[None]]
"""Keeps whatever else comes from a contact waiting."""


class LoadingStore(Protocol):
    """Reads whole conversations."""

    async def load(self, conversation_id: int) -> StoredConversation | None:
        """As in `ConversationStore`."""
        ...


class CorrectedBefore(Protocol):
    """Knows what became of messages before they came."""

    def of(self, key: str) -> EarlyCorrection | None:
        """Return what became of a message; None: nothing."""
        ...


@dataclass(frozen=True, slots=True)
class HistoryParts:
    """What is worked with; `importing` makes the import of one chat."""

    store: HistoryStore
    importing: Callable[[], Import]
    known: KnownMessages
    changes: FollowingChanges
    contacts: ContactStore
    syncs: SyncStore
    conversations: LoadingStore
    manager: InMemoryConversationManager
    corrected: CorrectedBefore
    clock: Clock


class HistoryImports:
    """Takes in what is told, and imports each chat once nothing more of it has come for a while."""

    def __init__(self, platform: Platform, parts: HistoryParts, *, business: PersonRef) -> None:
        self._platform = platform
        self._parts = parts
        self._business = business
        self._more = asyncio.Event()

    async def take(self, contact_id: int, told: Sequence[PastMessage]) -> None:
        """Keep what was said with somebody until it is imported.

        Raises: StoreError: nothing of it was kept.
        """
        await self._parts.store.put_past(self._platform, contact_id, told)
        self._more.set()

    async def note(self, news: Sequence[HistoryNews]) -> None:
        """Keep how far the telling has come.

        Raises: StoreError.
        """
        for each in news:
            await self._parts.store.note_news(self._platform, each)
            log.info("history_told", platform=self._platform.value, progress=each.progress, error=each.error)

    async def run(self, holding: Holding) -> None:
        """Import whatever waits, until this is cancelled."""
        pauses = Pauses(self._parts.clock)
        while True:
            self._more.clear()
            try:
                seconds = await self._import_what_is_due(holding)
            except EchoError as error:
                log.warning("history_waits", reason=str(error))
                seconds = pauses.delay()
            else:
                pauses.reset()
            if seconds is None:
                await self._more.wait()
            else:
                await self._parts.clock.sleep(seconds)

    async def _import_what_is_due(self, holding: Holding) -> float | None:
        """Import what is due; return in how many seconds there may be something again, None: nothing waits."""
        now = self._parts.clock.now()
        waiting = await self._parts.store.waiting(self._platform)
        for contact_id, last in waiting.items():
            if last <= now - _QUIET:
                async with holding(contact_id):
                    await self._import(contact_id)
        return _QUIET.total_seconds() if waiting else None

    async def _import(self, contact_id: int) -> None:
        parts = self._parts
        past = await parts.store.past_of(self._platform, contact_id, before=parts.clock.now() - _LIVE_FIRST)
        if not past:
            return
        contact = await parts.contacts.contact(self._platform, contact_id)
        if contact is not None:  # who has been forgotten meanwhile stays so
            person = PersonRef(str(contact_id), contact.name or _SOMEBODY)
            await self._follow_files(past)
            await self._import_chat(person, past)
        await parts.store.drop_past(self._platform, [each.key for each in past])

    async def _import_chat(self, person: PersonRef, past: Sequence[PastMessage]) -> None:
        parts = self._parts
        thread = ThreadRef(self._platform, person.external_id)
        messages = tuple(said for each in past if (said := self._said(each, person)) is not None)
        chat = ExportedChat(thread, person.display_name, messages, partner=person.external_id)
        async with parts.manager.hold(thread.key):
            report = await parts.importing().take(chat, _nobody_watches)
        for conversation_id in report.conversations:
            await self._write_out(conversation_id)
        now = parts.clock.now()
        await parts.syncs.note_synced(SyncState(thread, SyncStatus.OK, now, now, report.imported))
        log.info("history_imported", thread_id=thread.thread_id, messages=report.imported, known=report.known)

    async def _follow_files(self, past: Sequence[PastMessage]) -> None:
        """Have placeholders that stand in conversations already read as what they stand for."""
        files = {each.key: each for each in past if each.is_file}
        known = await self._parts.known.known(self._platform, list(files))
        for key, conversation_id in known.items():
            if conversation_id is not None:
                await self._parts.changes.edited(self._platform, key, files[key].text, files[key].said_at)

    def _said(self, past: PastMessage, person: PersonRef) -> ExportedMessage | None:
        """Return a message as an export would have it; None: it was taken back."""
        corrected = self._parts.corrected.of(past.key)
        if corrected is not None and corrected.text is None:
            return None
        text = past.text if corrected is None else str(corrected.text)
        speaker = self._business if past.is_own else person
        return ExportedMessage(past.key, past.said_at, speaker, text, past.place)

    async def _write_out(self, conversation_id: int) -> None:
        stored = await self._parts.conversations.load(conversation_id)
        if stored is not None:
            conversation = Conversation.loaded(stored, self._parts.manager.ids)
            conversation.mark_unwritten()
            self._parts.manager.retire(conversation)


def _nobody_watches(done: int, total: int | None) -> None:
    """Progress is told by the platform's own figures."""
