"""The operators' half of the API, over a real store and a queue whose tasks run when told to."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.history_table import HistoryTable
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.message_pages import MessageTable
from source.adapters.storage.metadata_table import MetadataTable
from source.adapters.storage.operations_reading import OperationsReading
from source.adapters.storage.record_table import RecordTable
from source.adapters.storage.sync_table import SyncTable
from source.adapters.web.routes import analytics, archiving, cleanup, memories, messages, metadata, syncing, tasks
from source.app.echo import Echo
from source.domain.message import Message
from source.domain.metadata import Aspects
from source.domain.schedule import Every, Job
from source.domain.task import Lane, NewTask, Task, TaskType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.services.memory_intake import MemoryIntake
from source.services.metadata import MetadataService
from source.services.metadata_offline import OfflineAnalyst
from source.services.metadata_setting import MetadataSetting
from source.services.operations_statistics import OperationsStatistics
from source.services.records import RecordLists
from source.services.schedule import ScheduleService
from source.services.structured_model import StoreLedger
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA
from tests.fakes.schedule import InMemoryMarks
from tests.fakes.task_queue import EchoingHandler, FakeTaskQueue
from tests.fakes.web_api import WebApi, web_api

CHAT = ThreadRef(Platform.WHATSAPP, "123456@c.us")
JOBS = (
    Job("auto_archive", "Archive old conversations", TaskType.ARCHIVE_CONVERSATIONS, Every(timedelta(hours=24))),
    Job("auto_sync", "Sync", TaskType.SYNC_MESSAGES, Every(timedelta(minutes=30)), is_enabled=False),
)


@dataclass
class Operations:
    """What the routes of operations work with."""

    echo: Echo
    queue: FakeTaskQueue
    schedule: ScheduleService
    handler: EchoingHandler
    archives: ArchiveTable
    memories: MemoryTable
    metadata: MetadataTable
    states: SyncTable
    triggered: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, echo: Echo) -> "Operations":
        handler = EchoingHandler(Lane.ANYWHERE)
        queue = FakeTaskQueue(dict.fromkeys(TaskType, handler), echo.clock, at_once=False)
        return cls(
            echo=echo,
            queue=queue,
            schedule=ScheduleService(JOBS, queue, InMemoryMarks(), echo.clock),
            handler=handler,
            archives=ArchiveTable(echo.store),
            memories=MemoryTable(echo.store),
            metadata=MetadataTable(echo.store),
            states=SyncTable(echo.store),
        )

    async def trigger(self, requested_by: str, *, key: str | None = None) -> tuple[Task | None, Sequence[int]]:
        """Stand in for the memories' own way to find what needs one."""
        if not self.triggered:
            return None, []
        wish = NewTask(TaskType.GENERATE_MEMORY_BATCH, {"conversation_ids": self.triggered}, requested_by, key)
        return await self.queue.submit(wish), self.triggered

    async def why_none(self) -> str:
        await asyncio.sleep(0)
        return "Nobody needs one."

    def routers(self) -> Sequence[APIRouter]:
        store, conversations = self.echo.store, self.echo.store
        service = MetadataService(self.metadata, None, OfflineAnalyst(), Aspects())
        setting = MetadataSetting(self.metadata, conversations, self.archives)
        statistics = OperationsStatistics(OperationsReading(store), self.echo.clock, ZoneInfo("Europe/Berlin"))
        intake = MemoryIntake(conversations, self.memories, StoreLedger(store))
        return [
            archiving.router(archiving.ArchivingParts(self.queue, self.archives)),
            syncing.router(syncing.SyncingParts(self.queue, self.archives, self.states, HistoryTable(store))),
            cleanup.router(cleanup.CleanupParts(self.queue, statistics)),
            metadata.router(metadata.MetadataParts(service, setting)),
            tasks.router(tasks.TaskParts(self.queue, self.schedule)),
            memories.router(memories.MemoryParts(self, self.memories, intake, self.echo.clock)),
            messages.router(MessageTable(store)),
            analytics.router(analytics.AnalyticsParts(statistics, RecordLists(RecordTable(store)))),
        ]


@dataclass
class Desk:
    """The API of operators, and what lies behind it."""

    api: WebApi
    operations: Operations

    async def say(self, text: str, *, thread: ThreadRef = CHAT, person: PersonRef = ADA) -> tuple[int, Message]:
        """Have something said and answered; return the conversation and the message."""
        await self.api.talk.say(text, thread=thread, person=person)
        stored = await self.api.talk.conversation(thread=thread)
        return stored.head.conversation_id, stored.messages[-2]

    async def forget_answers(self) -> None:
        """Lose the answers to repeats, as a process does that dies before it has kept one."""
        await self.api.frame.answers.forget_answers(self.operations.echo.clock.now() + timedelta(days=1))

    async def task(self, answered: object) -> dict[str, object]:
        """Return the input of the task that an answer names."""
        assert isinstance(answered, dict)
        assert answered["success"] is True
        task = await self.operations.queue.get(answered["task_id"])
        assert task is not None
        return {"type": task.type, "by": task.requested_by, **task.input}


@asynccontextmanager
async def a_desk(folder: Path, database: str) -> AsyncIterator[Desk]:
    behind: list[Operations] = []

    def routers(echo: Echo) -> Sequence[APIRouter]:
        behind.append(Operations.of(echo))
        return behind[0].routers()

    async with FakeOpenAIServer() as model, web_api(folder, model, FakeClock(), routers, database_url=database) as api:
        yield Desk(api, behind[0])
