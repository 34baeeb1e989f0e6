"""Finds out what is to be remembered of a conversation: by a model part by part, or without one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from source.domain.fact import Fact, KnownFact
from source.domain.fact_ranking import ranked
from source.domain.memory import Memory, MemorySource
from source.domain.memory_claims import CAN_REPLACE
from source.domain.memory_evidence import Evidence
from source.domain.memory_material import next_material
from source.domain.memory_model import SCHEMA_NAME, UnsupportedMemoryError, grown_memory, joined_memory, response_schema
from source.domain.memory_offline import offline_memory
from source.domain.message import Message, as_utc
from source.domain.summary_material import chat_only
from source.domain.turn import Purpose
from source.ports.llm import JsonSchema
from source.ports.memories import RememberedConversation, StructuredModel

log = structlog.get_logger(__name__)

DetectLanguage = Callable[[str], Awaitable[str | None]]
"""Returns the code of the language of a text; None when that is not clear."""

_SCHEMA = JsonSchema(SCHEMA_NAME, response_schema())
_SCHEMA_WITH_KNOWN = JsonSchema(SCHEMA_NAME, response_schema(with_known=True))
# Enough to tell a language by, and no more work for a long conversation than for a short one.
_LANGUAGE_CHARS = 4_000
_BEARING_CHARS = 400


@dataclass(frozen=True, slots=True)
class SaidInConversation:
    """All chat messages of a conversation that count, in order, with the names of the people in it.

    `known` is what is known of them from elsewhere in the same place.
    """

    conversation_id: int
    messages: Sequence[Message]
    people: Mapping[str, str]
    evidence: Evidence
    known: Sequence[KnownFact] = ()

    @classmethod
    async def of(cls, conversation_id: int, found: RememberedConversation) -> "SaidInConversation":
        """Prepare a conversation, off the event loop: it may be long."""
        said = chat_only(found.messages)
        evidence = await asyncio.to_thread(Evidence, said, found.people)
        return cls(conversation_id, said, found.people, evidence, found.known)

    def after(self, memory: Memory | None) -> Sequence[Message]:
        """Return the messages that the memory does not cover."""
        covered = memory.covers_to if memory else 0
        return [message for message in self.messages if message.message_id > covered]


class MemoryExtractor(Protocol):
    """Finds out what is to be remembered."""

    goes_on_from: frozenset[MemorySource]
    """Whose memories are continued; others are made anew."""

    async def extract(self, said: SaidInConversation, earlier: Memory | None) -> Memory:
        """Return a memory that covers more of `said` than `earlier`, which it is made of as well; perhaps not yet all.

        Raises: ModelError.
        """
        ...


class ModelExtractor:
    """Asks a model about one part of the conversation at a time, which fits one call; quotes where it is of no use."""

    goes_on_from = frozenset({MemorySource.MODEL, MemorySource.PERSON})

    def __init__(self, model: StructuredModel, prompt: str, detect_language: DetectLanguage) -> None:
        self._model = model
        self._prompt = prompt
        self._detect_language = detect_language

    async def extract(self, said: SaidInConversation, earlier: Memory | None) -> Memory:
        messages = said.after(earlier)
        known = await asyncio.to_thread(_bearing_on, messages, said.known) if said.known else ()
        material = next_material(earlier, messages, said.people, known)
        schema = _SCHEMA_WITH_KNOWN if material.known else _SCHEMA
        answer = await self._model.ask(
            self._prompt, material.text, schema, purpose=Purpose.MEMORY, conversation_id=said.conversation_id
        )
        try:
            memory = grown_memory(answer, material, earlier, said.evidence)
        except UnsupportedMemoryError:
            # Of "hi" and "hello" no message shows what a model makes of them: quotes are shown always.
            log.info("memory_unsupported", conversation_id=said.conversation_id)
            memory = _with_offline(earlier, offline_memory(material.messages, said.people, language=None))
        return memory if memory.language else memory.in_language(await self._detect_language(spoken(said)))


class OfflineExtractor:
    """Quotes and counts; all of a conversation at once, one after the other off the event loop, which goes on."""

    goes_on_from = frozenset({MemorySource.MODEL, MemorySource.PERSON})

    def __init__(self, detect_language: DetectLanguage) -> None:
        self._detect_language = detect_language
        self._one_at_a_time = asyncio.Lock()

    async def extract(self, said: SaidInConversation, earlier: Memory | None) -> Memory:
        language = await self._detect_language(spoken(said))
        async with self._one_at_a_time:
            found = await asyncio.to_thread(offline_memory, said.messages, said.people, language=language)
        return _with_offline(earlier, found)


def _bearing_on(messages: Sequence[Message], known: Sequence[KnownFact]) -> Sequence[Fact]:
    """Return what is known now that messages may correct: topics are corrected by nothing."""
    text = "\n".join(message.message_content[:_BEARING_CHARS] for message in messages if message.is_from_person)
    newest = max(as_utc(message.created_at) for message in messages)
    return [each.fact for each in ranked(known, text, newest) if each.fact.part in CAN_REPLACE]


def _with_offline(earlier: Memory | None, found: Memory) -> Memory:
    return joined_memory(earlier, found) if earlier else found


def spoken(said: SaidInConversation) -> str:
    """Return the latest of what people wrote, as far as it helps to tell their language."""
    texts: list[str] = []
    left = _LANGUAGE_CHARS
    for message in reversed(said.messages):
        if message.is_from_person and left > 0:
            texts.append(message.message_content[:left])
            left -= len(texts[-1])
    return "\n".join(reversed(texts))
