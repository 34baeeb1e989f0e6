"""Writes the transcripts of changed conversations soon after they change."""

from dataclasses import dataclass
from datetime import timedelta

from source.domain.thread import ThreadKey
from source.ports.clock import Clock
from source.services.conversation import Conversation

# A transcript is written whole: writing a long one may take one part in so many of the time.
_REST_PER_WRITE = 20
_RETRY_SECONDS = 30.0


@dataclass(slots=True)
class _Due:
    conversation: Conversation
    at: float
    failed: bool = False


class TranscriptWriter:
    """Saves each changed conversation once its delay has passed, however often it changed meanwhile.

    A conversation stays here until it is saved: what left memory unsaved is tried again, not forgotten.
    """

    def __init__(self, clock: Clock, *, delay: timedelta) -> None:
        self._clock = clock
        self._delay = delay.total_seconds()
        self._due: dict[int, _Due] = {}
        self._rest: dict[int, float] = {}
        self.written = 0
        self.failed = 0

    def __len__(self) -> int:
        return len(self._due)

    def note(self, conversation: Conversation) -> None:
        """The conversation has changed: write it once its delay is over."""
        key = conversation.conversation_id
        due = self._due.get(key)
        if due is not None:
            # The newest copy: one that was forgotten and loaded again knows more.
            due.conversation = conversation
        else:
            wait = max(self._delay, self._rest.get(key, 0.0))
            self._due[key] = _Due(conversation, self._clock.monotonic() + wait)

    def hurry(self, conversation: Conversation) -> None:
        """Write the conversation with the next `write_due`, unless its last write has just failed."""
        self.note(conversation)
        due = self._due[conversation.conversation_id]
        if not due.failed:
            due.at = self._clock.monotonic()

    def forget(self, conversation: Conversation) -> None:
        """The copy in memory is not to be trusted: do not write it."""
        if (due := self._due.get(conversation.conversation_id)) and due.conversation is conversation:
            del self._due[conversation.conversation_id]

    def waiting(self, conversation_id: int) -> Conversation | None:
        """Return the conversation if it waits to be written."""
        due = self._due.get(conversation_id)
        return due.conversation if due is not None else None

    def active_in(self, thread: ThreadKey) -> Conversation | None:
        """Return the thread's active conversation if it waits to be written."""
        for due in list(self._due.values()):
            if due.conversation.head.is_active and due.conversation.head.thread.key == thread:
                return due.conversation
        return None

    async def write_due(self) -> None:
        """Write every conversation whose delay is over."""
        now = self._clock.monotonic()
        for key in [key for key, due in list(self._due.items()) if due.at <= now]:
            await self._write(key)

    async def write_all(self) -> None:
        """Write whatever waits, due or not."""
        for key in list(self._due):
            await self._write(key)

    async def _write(self, key: int) -> None:
        due = self._due.get(key)
        if due is None:
            return
        began = self._clock.monotonic()
        saved = await due.conversation.persist()
        self._rest_after(key, self._clock.monotonic() - began)
        if saved:
            self.written += 1
        else:
            self.failed += 1
        if self._due.get(key) is not due:  # forgotten meanwhile, perhaps with another copy in its place
            return
        if not saved:
            self._due[key] = _Due(due.conversation, self._clock.monotonic() + _RETRY_SECONDS, failed=True)
            return
        del self._due[key]
        if not due.conversation.is_saved:  # it changed while it was written
            self.note(due.conversation)

    def _rest_after(self, key: int, took: float) -> None:
        rest = took * _REST_PER_WRITE
        if rest > self._delay:
            self._rest[key] = rest
        else:
            self._rest.pop(key, None)
