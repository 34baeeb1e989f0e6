"""A metadata service over a store in memory and a model that says what a test tells it to."""

import asyncio
import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from source.domain.conversation_head import ConversationHead
from source.domain.message import Message
from source.domain.metadata import Aspects
from source.domain.thread import ThreadKey, ThreadRef
from source.domain.turn import Purpose, TurnRecord
from source.ports.llm import JsonSchema
from source.services.metadata import MetadataService
from source.services.metadata_model import ModelAnalyst
from source.services.metadata_offline import OfflineAnalyst
from tests.fakes.clock import FakeClock
from tests.fakes.metadata_store import InMemoryMetadata
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import head

PROMPT = "Sort.\n- `sentiment`: mood\n- `category`: matter\n- `tags`: words\nNothing else."
_LINE = re.compile(r"^\[#(\d+)\] (.*)$", re.MULTILINE)

Sorter = Callable[[int, str], Mapping[str, object]]


def complaining(number: int, _text: str) -> Mapping[str, object]:
    """Sort everything alike."""
    return {"number": number, "sentiment": "negative", "category": "complaint", "tags": ["Late Parcel"]}


@dataclass
class SortingModel:
    """Implements StructuredModel: sorts each message by `sorter`, but first raises or returns what `next` holds."""

    sorter: Sorter = complaining
    next: deque[Exception | Mapping[str, object]] = field(default_factory=deque)
    instructions: list[str] = field(default_factory=list)
    materials: list[str] = field(default_factory=list)
    schemas: list[JsonSchema] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    async def ask(
        self, instructions: str, material: str, schema: JsonSchema, *, purpose: Purpose, conversation_id: int
    ) -> Mapping[str, object]:
        assert purpose is Purpose.METADATA
        self.instructions.append(instructions)
        self.materials.append(material)
        self.schemas.append(schema)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        for _ in range(3):
            await asyncio.sleep(0)
        self.running -= 1
        answer = self.next.popleft() if self.next else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer
        found = [self.sorter(int(number), text) for number, text in _LINE.findall(material)]
        answered: Mapping[str, object] = json.loads(json.dumps({"messages": found}))
        return answered


@dataclass
class Book:
    """The threads and conversations of the store in memory."""

    store: InMemoryStore

    async def threads_named(self, thread_id: str) -> list[ThreadRef]:
        await asyncio.sleep(0)
        return [thread for thread in self.store.threads.values() if thread.thread_id == thread_id]

    async def conversations_of(self, threads: Sequence[ThreadKey]) -> dict[ThreadKey, list[int]]:
        await asyncio.sleep(0)
        found: dict[ThreadKey, list[int]] = {}
        for number, known in sorted(self.store.heads.items()):
            if known.thread.key in threads:
                found.setdefault(known.thread.key, []).append(number)
        return found


class Sorting:
    """A store, what is known in it and the service; without a model it works by rule."""

    def __init__(self, model: SortingModel | None = None, aspects: Aspects | None = None) -> None:
        clock = FakeClock()
        self.store = InMemoryStore(clock)
        self.known = InMemoryMetadata(self.store, clock)
        self.book = Book(self.store)
        self.model = model
        self.restart(model, aspects)

    def restart(self, model: SortingModel | None, aspects: Aspects | None = None) -> None:
        """Go on with another model."""
        aspects = aspects or Aspects()
        analyst = None if model is None else ModelAnalyst(model, PROMPT, aspects)
        self.service = MetadataService(self.known, analyst, OfflineAnalyst(), aspects)

    async def put(self, *messages: Message, conversation: ConversationHead | None = None) -> int:
        conversation = conversation or head(is_active=False)
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
        return conversation.conversation_id
