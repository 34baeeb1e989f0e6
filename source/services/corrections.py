"""Follows what people change afterwards in what they wrote."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from source.domain.errors import RefusedInputError
from source.domain.message import Message, Standing
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import SaidMessage
from source.ports.store import ConversationStore, CorrectionStore
from source.services.admission import Admission
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.scrubbing import AS_IT_IS, Keeping
from source.services.turn_service import TurnService

log = structlog.get_logger(__name__)

Change = Callable[[Message], Message | None]
"""Returns what becomes of a message; None: it stays as it is."""


class CorrectingStore(CorrectionStore, ConversationStore, Protocol):
    """What corrections read and write."""


class FollowedSummaries(Protocol):
    """What is told of conversations elsewhere than in their messages."""

    async def follow(self, conversation_id: int, before: Message, after: Message) -> Callable[[], Awaitable[None]]:
        """Make anew what tells of words that a message is about to lose; return what is to be done once it has."""
        ...


class Corrections:
    """Has the store, the memory and the transcript follow edits and deletions; what Echo replied stays as it is.

    What still waits for its answer is answered as it reads then, or not at all. Every method may raise a
    StoreError: the change was not made then.
    """

    def __init__(
        self,
        store: CorrectingStore,
        manager: InMemoryConversationManager,
        turns: TurnService,
        admission: Admission,
        *,
        keeping: Keeping = AS_IT_IS,
        summaries: FollowedSummaries | None = None,
    ) -> None:
        self._store = store
        self._manager = manager
        self._turns = turns
        self._admission = admission
        self._keeping = keeping
        self._summaries = summaries

    async def edited(self, platform: Platform, event_id: str, text: str, at: datetime) -> None:
        """Somebody gave a message of theirs another text; what Echo does not know or could not keep is ignored."""
        try:
            self._admission.check_text(text)
        except RefusedInputError:
            log.warning("edit_refused", platform=platform.value, size_chars=len(text))
            return
        text = self._keeping.text(text)
        waiting = await self._store.amend(platform, event_id, text)
        if waiting is not None:
            self._turns.correct(waiting)

        def edit(message: Message) -> Message | None:
            is_late = message.edited_at is not None and message.edited_at > at
            if is_late or not message.is_kept:
                return None
            if message.message_content != text:
                return self._keeping.message(replace(message, message_content=text, edited_at=at))
            # Edited while it was answered, it was kept with the new text and what the old one held.
            noted = self._keeping.message(message)
            return noted if noted.pii != message.pii else None

        await self._change(platform, event_id, edit, waiting.inbound.thread if waiting else None)

    async def deleted(self, platform: Platform, event_ids: Sequence[str]) -> None:
        """Somebody deleted these messages; of those that Echo knows, the text goes and the place stays."""
        for event_id in event_ids:
            waiting = await self._store.amend(platform, event_id, None)
            if waiting is not None:
                self._turns.correct(waiting, is_withdrawn=True)
            await self._change(platform, event_id, _without_text, waiting.inbound.thread if waiting else None)

    async def _change(self, platform: Platform, event_id: str, change: Change, thread: ThreadRef | None) -> None:
        """Change the message in its conversation, once a turn of `thread` that may be putting it there has ended."""
        if thread is None:
            known = await self._said(platform, event_id)
            if known is None:
                return
            thread = known.thread
        follow_again = await self._change_what_tells_of_it(platform, event_id, change)
        await self._change_itself(platform, event_id, change, thread)
        await follow_again()

    async def _change_itself(self, platform: Platform, event_id: str, change: Change, thread: ThreadRef) -> None:
        # Whoever holds the thread has no turn running there that could still put the message into the history.
        async with self._manager.turn(thread) as seat:
            said = await self._said(platform, event_id)
            changed = change(said.message) if said is not None else None
            if said is None or changed is None:
                return
            running = seat.conversation
            if running is not None and running.conversation_id == said.conversation_id:
                await self._store.correct(said.conversation_id, changed)
                running.keep_committed((), changed=[changed])
                self._manager.keep(running)
            else:
                await self._correct_at_rest(said.conversation_id, changed)
        log.info("message_corrected", conversation_id=said.conversation_id, standing=changed.standing.value)

    async def _change_what_tells_of_it(
        self, platform: Platform, event_id: str, change: Change
    ) -> Callable[[], Awaitable[None]]:
        """Have summaries lose the words first: what is cut off in between is still there to be changed again."""
        said = await self._said(platform, event_id) if self._summaries is not None else None
        changed = change(said.message) if said is not None else None
        if self._summaries is not None and said is not None and changed is not None:
            return await self._summaries.follow(said.conversation_id, said.message, changed)
        return _nothing_more

    async def _said(self, platform: Platform, event_id: str) -> SaidMessage | None:
        """Return what somebody wrote; Echo's own are not what people edit or take back."""
        said = await self._store.find(platform, event_id)
        return said if said is not None and said.message.requester is not None else None

    async def _correct_at_rest(self, conversation_id: int, changed: Message) -> None:
        """Correct a conversation that is not running, and have its transcript written."""
        await self._manager.settle(conversation_id)
        await self._store.correct(conversation_id, changed)
        stored = await self._store.load(conversation_id)
        if stored is not None:
            conversation = Conversation.loaded(stored, self._manager.ids)
            conversation.mark_unwritten()
            self._manager.retire(conversation)


async def _nothing_more() -> None:
    """Nothing told of it."""


def _without_text(message: Message) -> Message | None:
    return replace(message, message_content="", standing=Standing.DELETED, pii=()) if message.is_kept else None
