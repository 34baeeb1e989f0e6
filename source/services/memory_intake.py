"""Takes memories that were made elsewhere."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from source.domain import memory_reading
from source.domain.memory import StoredMemory
from source.domain.memory_check import checked_memory, with_valid_profile
from source.domain.placeholders import changed_in
from source.domain.profile_fields import FORMS_ALONE, ProfileRules
from source.domain.turn import ModelUsage
from source.ports.memories import MemoryStore
from source.services.memories import Conversations
from source.services.scrubbing import AS_IT_IS, KeptText
from source.services.structured_model import UsageLedger

log = structlog.get_logger(__name__)


class MemoryIntake:
    """Keeps of a posted memory what the conversation's messages show."""

    def __init__(
        self,
        conversations: Conversations,
        memories: MemoryStore,
        ledger: UsageLedger,
        *,
        kept_text: KeptText = AS_IT_IS.text,
        rules: ProfileRules = FORMS_ALONE,
    ) -> None:
        self._rules = rules
        self._kept_text = kept_text
        self._conversations = conversations
        self._memories = memories
        self._ledger = ledger

    async def put(
        self,
        conversation_id: int,
        memory_data: Mapping[str, object],
        *,
        version: int | None = None,
        made_of: str | None = None,
        usage: Sequence[ModelUsage] = (),
    ) -> StoredMemory | None:
        """Insert or replace the conversation's memory; None: no such conversation. `usage` is what making it cost.

        Raises: RefusedInputError: it is not of the form of `memory_data`, or no message shows anything of it.
            StoreConflictError: the memory's version is not `version`, or what it covers was not, or is not any more,
                what it was made of; without `made_of` that is what the messages say now.
        """
        found = await self._conversations.load(conversation_id)
        if found is None:
            return None
        checked = await asyncio.to_thread(checked_memory, self._kept(memory_data), found.messages, found.people)
        memory = with_valid_profile(checked, self._rules)
        kept = await self._memories.put_memory(
            conversation_id,
            memory.as_data(),
            covers_to=memory.covers_to,
            source=memory.source,
            version=version,
            made_of=memory_reading.made_of(found.messages, memory.covers_to) if made_of is None else made_of,
        )
        for each in usage:
            await self._ledger.note_usage(conversation_id, each)
        log.info("memory_taken", conversation_id=conversation_id, source=memory.source.value, dropped=memory.dropped)
        return kept

    def _kept(self, memory_data: Mapping[str, object]) -> dict[str, object]:
        return {name: changed_in(value, self._kept_text) for name, value in memory_data.items()}
