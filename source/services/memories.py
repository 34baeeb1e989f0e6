"""Makes what is remembered of conversations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

import structlog

from source.domain.conversation_head import StoredConversation
from source.domain.errors import (
    EchoError,
    ModelInterruptedError,
    ModelUnavailableError,
    RefusedInputError,
    SettingsError,
    StoreConflictError,
    StoreDamagedError,
    StoreUnavailableError,
)
from source.domain.fact import KnownFact
from source.domain.memory import Memory, MemorySource, StoredMemory
from source.domain.memory_check import supported, with_valid_profile
from source.domain.memory_claims import read_claims
from source.domain.memory_reading import made_of
from source.domain.message import Message, MessageType
from source.domain.profile_fields import FORMS_ALONE, ProfileRules
from source.ports.clock import Clock
from source.ports.memories import MemoryDesk, MemoryStore, RememberedConversation
from source.services.keyed_locks import KeyedLocks
from source.services.memory_extractors import MemoryExtractor, SaidInConversation

log = structlog.get_logger(__name__)

_PAUSES: Final = (timedelta(seconds=1), timedelta(seconds=5))
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_MOST_CONFLICTS: Final = 3
# After so many conversations in a row without a model, the next ones ask it once and do not wait for it.
_PATIENCE: Final = 4


class MadeMemory(StrEnum):
    """What came of making a memory."""

    GENERATED = "generated"
    UNCHANGED = "unchanged"
    GONE = "gone"


class Conversations(Protocol):
    """Where conversations are read."""

    async def load(self, conversation_id: int) -> StoredConversation | None:
        """As in `ConversationStore`."""
        ...


class Known(Protocol):
    """What is known of people."""

    async def known_to(self, conversation_id: int) -> Sequence[KnownFact]:
        """Return what is known of those who speak in a conversation, from elsewhere, as they see it from there."""
        ...


class StoreDesk:
    """Implements `MemoryDesk` over the store; without `known` nothing is told of what could be corrected."""

    def __init__(self, conversations: Conversations, memories: MemoryStore, known: Known | None = None) -> None:
        self._conversations = conversations
        self._memories = memories
        self._known = known

    async def fetch(self, conversation_id: int) -> RememberedConversation | None:
        found = await self._conversations.load(conversation_id)
        if found is None:
            return None
        known = await self._known.known_to(conversation_id) if self._known is not None else ()
        memory = await self._memories.memory(conversation_id)
        return RememberedConversation(found.messages, found.people, memory, known)

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        return await self._memories.put_memory(
            conversation_id,
            memory.as_data(),
            covers_to=memory.covers_to,
            source=memory.source,
            version=version,
            made_of=made_of,
        )

    async def note_failure(self, conversation_id: int, sentence: str) -> None:
        await self._memories.note_failure(conversation_id, sentence)


class MemoryService:
    """Makes memories, one conversation at a time for each; what was made before a crash is not made again."""

    def __init__(
        self,
        desk: MemoryDesk,
        extractor: MemoryExtractor,
        clock: Clock,
        *,
        pauses: tuple[timedelta, ...] = _PAUSES,
        rules: ProfileRules = FORMS_ALONE,
    ) -> None:
        self._desk = desk
        self._extractor = extractor
        self._clock = clock
        self._pauses = pauses
        self._rules = rules
        self._in_hand = KeyedLocks()
        self._failed_in_a_row = 0

    async def make(self, conversation_id: int) -> MadeMemory:
        """Have the memory cover all that was said; when it does already, the model is not asked.

        What a long conversation's first parts gave is kept when a later part fails.

        Raises: ModelError, StoreError.
        """
        async with self._in_hand.hold(str(conversation_id)):
            for _ in range(_MOST_CONFLICTS):
                found = await self._desk.fetch(conversation_id)
                if found is None:
                    return MadeMemory.GONE
                try:
                    return await self._made(conversation_id, found)
                except StoreConflictError:
                    log.info("memory_made_elsewhere", conversation_id=conversation_id)
        raise StoreConflictError("the memory keeps changing while it is made; it is tried again later")

    async def attempt(self, conversation_id: int) -> MadeMemory | str:
        """As `make`; a conversation whose memory cannot be made rests for a while, and the sentence says why.

        Raises: StoreUnavailableError, StoreDamagedError, SettingsError: with others it would be the same.
        """
        try:
            return await self.make(conversation_id)
        except (StoreUnavailableError, StoreDamagedError, SettingsError):
            raise
        except EchoError as error:
            log.warning("memory_failed", conversation_id=conversation_id, reason=type(error).__name__)
            await self._desk.note_failure(conversation_id, str(error))
            return str(error)

    async def _made(self, conversation_id: int, found: RememberedConversation) -> MadeMemory:
        newest = max((each.message_id for each in found.messages if _is_kept_chat(each)), default=0)
        if found.memory is not None and found.memory.covers_to >= newest:
            return MadeMemory.UNCHANGED
        said = await SaidInConversation.of(conversation_id, found)
        memory = self._earlier(found.memory, said)
        version = found.memory.version if found.memory else 0
        while said.after(memory):
            memory = await self._extracted(said, memory)
            if said.after(memory):
                version = (await self._keep(conversation_id, memory, found, version)).version
        # What is chat but not worth remembering, such as an offline notice, is covered as well.
        whole = (memory or Memory(MemorySource.OFFLINE, covers_to=0)).covering(newest)
        await self._keep(conversation_id, whole, found, version)
        log.info("memory_made", conversation_id=conversation_id, source=whole.source.value, dropped=whole.dropped)
        return MadeMemory.GENERATED

    async def _keep(
        self, conversation_id: int, memory: Memory, found: RememberedConversation, version: int
    ) -> StoredMemory:
        """Keep it unless what it was made of was edited or taken back while the model read it."""
        read = made_of(found.messages, memory.covers_to)
        return await self._desk.keep(conversation_id, memory, version=version, made_of=read)

    def _earlier(self, stored: StoredMemory | None, said: SaidInConversation) -> Memory | None:
        """Return the memory to go on from, without what is no longer shown; None: it is made from the beginning."""
        if stored is None or stored.source not in self._extractor.goes_on_from:
            return None
        try:
            claims = read_claims(stored.memory_data)
        except RefusedInputError:  # of a form that this version does not know
            return None
        still_shown = supported(replace(claims, source=stored.source), said.evidence)
        return replace(still_shown, covers_to=stored.covers_to)

    async def _extracted(self, said: SaidInConversation, earlier: Memory | None) -> Memory:
        """Ask again after a pause while the model is away; not when it has been away for a while."""
        pauses = self._pauses if self._failed_in_a_row < _PATIENCE else ()
        for pause in (*pauses, None):
            try:
                memory = await self._extractor.extract(said, earlier)
            except (ModelUnavailableError, ModelInterruptedError) as error:
                if pause is None:
                    self._failed_in_a_row += 1
                    raise
                await self._clock.sleep(_pause_after(error, pause).total_seconds())
            else:
                self._failed_in_a_row = 0
                return with_valid_profile(memory, self._rules)
        raise AssertionError("the last attempt returns or raises")


def _pause_after(error: Exception, pause: timedelta) -> timedelta:
    wished = error.retry_after if isinstance(error, ModelUnavailableError) else None
    return pause if wished is None else min(max(pause, wished), _LONGEST_PAUSE)


def _is_kept_chat(message: Message) -> bool:
    return message.is_kept and message.message_type is MessageType.CHAT
