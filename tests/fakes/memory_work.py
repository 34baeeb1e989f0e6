"""What makes memories, over a store in memory and a scripted model."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from source.domain.conversation_head import ConversationHead
from source.domain.message import Message
from source.domain.task import Task, TaskStatus, TaskType
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import TurnRecord
from source.ports.tasks import TaskHandler
from source.services.memories import Known, MemoryService, StoreDesk
from source.services.memory_batch import EligibleConversations, GenerateMemoryBatch, MemoryTrigger
from source.services.memory_extractors import MemoryExtractor, ModelExtractor, OfflineExtractor
from source.services.structured_model import StoreLedger, StructuredLanguageModel
from tests.fakes.clock import FakeClock
from tests.fakes.language_model import Answer, ScriptedModel
from tests.fakes.memory_samples import record
from tests.fakes.memory_store import InMemoryMemories
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import ANN, NOW, head, said
from tests.fakes.task_queue import FakeTaskQueue

PROMPT = (Path(__file__).parents[2] / "config" / "prompts" / "memory.md").read_text(encoding="utf-8")
QUIET = timedelta(hours=2)


async def no_language(_text: str) -> str | None:
    await asyncio.sleep(0)
    return None


class HastyClock(FakeClock):
    """Whoever sleeps finds at once that the time has passed; `slept` says how long, in seconds."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds=seconds)
        await asyncio.sleep(0)


def answer(**fields: object) -> str:
    """What a model may answer; the numbers are those of lines."""
    return json.dumps({**record(summary=None), "settled": [], **fields})


@dataclass
class MemoryWork:
    """Everything of memories; a day has passed since NOW, when conversations are put. `offline`: without the model."""

    answers: Sequence[Answer] = ()
    offline: bool = False
    a_piece: int = 4
    pauses: tuple[timedelta, ...] = ()
    handed_over_for: timedelta = timedelta(0)
    known: Known | None = None
    clock: HastyClock = field(default_factory=HastyClock)

    def __post_init__(self) -> None:
        self.clock.advance(days=1)
        self.model = ScriptedModel(*self.answers)
        self.store = InMemoryStore(self.clock)
        self.memories = InMemoryMemories(self.store, self.clock)
        asking = StructuredLanguageModel(self.model, StoreLedger(self.store), self.clock, TokenEstimator())
        self.by_model = ModelExtractor(asking, PROMPT, no_language)
        self.extractor: MemoryExtractor = OfflineExtractor(no_language) if self.offline else self.by_model
        self.desk = StoreDesk(self.store, self.memories, self.known)
        self.service = MemoryService(self.desk, self.extractor, self.clock, pauses=self.pauses)
        self.eligible = EligibleConversations(
            self.memories, self, self.clock, quiet_for=QUIET, handed_over_for=self.handed_over_for
        )
        self.batch = GenerateMemoryBatch(self.service, self.eligible, a_piece=self.a_piece)
        self.hand_to(self.batch)

    def hand_to(self, handler: TaskHandler) -> None:
        """Have batches done by this handler, when `queue` is told to."""
        self.queue = FakeTaskQueue({TaskType.GENERATE_MEMORY_BATCH: handler}, self.clock, at_once=False)
        self.trigger = MemoryTrigger(self.queue, self.eligible)

    async def listed(
        self,
        *,
        status: TaskStatus | None = None,
        type: str | None = None,  # noqa: A002  # the field's name
        limit: int = 50,
    ) -> list[Task]:
        return await self.queue.rows.listed(status=status, type=type, limit=limit)

    async def triggered(self, requested_by: str, *, key: str | None = None) -> tuple[Task, list[int]]:
        """Ask for a batch where somebody needs one."""
        task, conversations = await self.trigger.trigger(requested_by, key=key)
        assert task is not None
        return task, conversations

    async def done(self, task: Task) -> Task:
        """Have everything done that waits; return the task as it is then."""
        await self.queue.run_waiting()
        done = await self.queue.rows.get(task.task_id)
        assert done is not None
        return done

    async def put(self, *texts: str, conversation: ConversationHead | None = None, after: float = 0) -> int:
        """Have texts said by Ann and Echo in turn, a second apart."""
        messages = [
            said(text, by=ANN if place % 2 == 0 else None, after=after + place) for place, text in enumerate(texts)
        ]
        return await self.put_messages(*messages, conversation=conversation)

    async def put_messages(self, *messages: Message, conversation: ConversationHead | None = None) -> int:
        conversation = conversation or head(is_active=False)
        record_of = TurnRecord(conversation.conversation_id, messages, (conversation,), people=(ANN,))
        await self.store.commit_turn(record_of)
        return conversation.conversation_id

    def messages(self, conversation_id: int) -> list[Message]:
        return self.store.messages[conversation_id]

    async def take_back(self, conversation_id: int, place: int) -> None:
        """Replace a message without a correction, as an older Echo's data may have it."""
        messages = self.store.messages[conversation_id]
        messages[place] = replace(messages[place], message_content="(gone)")
