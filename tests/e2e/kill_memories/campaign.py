"""A batch of memories over a model that fails now and then, in a process that is killed in the middle."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason
from source.domain.memory import StoredMemory
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.clock import SystemClock
from tests.e2e.api_server import ApiServer
from tests.fakes.openai_script import CutsBeforeReply, Ending, Fails, Says, Step
from tests.fakes.openai_server import FakeOpenAIServer

ANN = PersonRef("ann", "Ann")
_SUBJECT = re.compile(r"house number (\d+) in Lisbon")
_AT_ONCE = 100
_PATIENCE = timedelta(minutes=10)
FAILURES: tuple[Step, ...] = (
    Fails(500),
    Fails(503),
    CutsBeforeReply(),
    Says(deltas=["I am sorry, I cannot do that."]),
    Says(deltas=['{"summary": {"text": "Ann'], ending=Ending.CUT),
)


class FlickeringModel(FakeOpenAIServer):
    """Fails a share of its calls; `answered` counts by conversation how often it did not."""

    def __init__(self, random: Random, share: float) -> None:
        super().__init__(models=None)
        self.answered: Counter[int] = Counter()
        self.failed = 0
        self._random = random
        self._share = share

    def _default_step(self, body: object) -> Step:
        if self._random.random() < self._share:
            self.failed += 1
            return self._random.choice(FAILURES)
        found = _SUBJECT.findall(str(body))
        if found:  # the last one: what is known from other conversations stands before what was said
            self.answered[int(found[-1])] += 1
        return super()._default_step(body)


@dataclass(frozen=True)
class Verdict:
    """What became of the conversations, and what it took."""

    conversations: int
    memories: list[StoredMemory]
    task: dict[str, Any]
    answered: Counter[int]
    failed_calls: int
    kills: int

    @property
    def asked_again(self) -> int:
        """How many answers were given for nothing: to a process that was killed before it kept them."""
        return sum(times - 1 for times in self.answered.values())

    @property
    def problems(self) -> list[str]:
        output = self.task["output_data"] or {}
        claims = {
            f"the task ended as {self.task['status']}": self.task["status"] == "completed",
            f"it says {output}": output.get("generated", 0) + output.get("unchanged", 0) == self.conversations,
            f"{len(self.memories)} have a memory": len(self.memories) == self.conversations,
            "one was made twice": all(memory.version == 1 for memory in self.memories),
            "one has nothing in it": all(memory.memory_data["facts"] for memory in self.memories),
            "one was never asked for": len(self.answered) == self.conversations,
        }
        return [problem for problem, holds in claims.items() if not holds]


@dataclass
class Campaign:
    """So many conversations, a share of calls that fail, and so many kills, spread over the batch."""

    folder: Path
    database_url: str
    conversations: int = 1_000
    failing_share: float = 0.05
    kills: int = 3
    random: Random = field(default_factory=lambda: Random(5))
    show: Callable[[str], None] = lambda _text: None

    async def run(self) -> Verdict:
        await fill(self.database_url, self.conversations)
        model = FlickeringModel(self.random, self.failing_share)
        async with model:
            server = ApiServer(
                self.folder,
                database_url=self.database_url,
                is_hasty=True,
                OPENAI_BASE_URL=model.base_url,
                OPENAI_API_KEY="key",
                OPENAI_MODEL="model",
                MEMORY_INTERVAL_MINUTES="0",
            )
            await asyncio.to_thread(server.start)
            try:
                asked = await asyncio.to_thread(server.post, "/tasks/trigger-memory-generation")
                assert len(asked["conversation_ids"]) == self.conversations
                await self._kill_in_the_middle(server, model)
                task = await self._finished(server, asked["task_id"])
            finally:
                await asyncio.to_thread(server.stop)
        memories = await self._memories()
        return Verdict(self.conversations, memories, task, model.answered, model.failed, self.kills)

    async def _kill_in_the_middle(self, server: ApiServer, model: FlickeringModel) -> None:
        for number in range(1, self.kills + 1):
            before = self.conversations * number // (self.kills + 1)
            while len(model.answered) < before:  # noqa: ASYNC110  # another process asks
                await asyncio.sleep(0.01)
            await asyncio.to_thread(server.kill)
            self.show(f"killed after {len(model.answered)} conversations")
            await asyncio.to_thread(server.start)

    async def _finished(self, server: ApiServer, task_id: int) -> dict[str, Any]:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            while True:
                task: dict[str, Any] = await asyncio.to_thread(server.get, f"/api/conversations/tasks/{task_id}")
                if task["status"] not in {"pending", "running"}:
                    return task
                self.show(f"{task['progress']}")
                await asyncio.sleep(0.5)

    async def _memories(self) -> list[StoredMemory]:
        store = await SqlStore.open(self.database_url, clock=SystemClock(), durability="normal")
        found = await MemoryTable(store).memories(limit=self.conversations + 1)
        await store.close()
        return found


async def fill(database_url: str, conversations: int) -> None:
    """Put conversations of yesterday into the store."""
    store = await SqlStore.open(database_url, clock=SystemClock(), durability="normal")
    for start in range(0, conversations, _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, conversations))
        await asyncio.gather(*(store.commit_turn(_record(store, number)) for number in some))
    await store.close()


def _record(store: SqlStore, number: int) -> TurnRecord:
    said_at = SystemClock().now() - timedelta(days=1, seconds=number)
    texts = (f"I live at house number {number} in Lisbon.", "That is good to know.", "And I like tea.")
    messages = tuple(
        Message(
            said_at + timedelta(seconds=place),
            MessageType.CHAT,
            text,
            requester=None if place % 2 else ANN.external_id,
            message_id=store.ids.next(said_at),
        )
        for place, text in enumerate(texts)
    )
    head = ConversationHead(
        conversation_id=store.ids.next(said_at),
        thread=ThreadRef(Platform.WEB, f"session-{number}"),
        requester=ANN.external_id,
        created_at=said_at,
        updated_at=said_at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename=f"conversation-{number}.json",
        state=ConversationState.ENDED,
    )
    return TurnRecord(head.conversation_id, messages, (head,), people=(ANN,))
