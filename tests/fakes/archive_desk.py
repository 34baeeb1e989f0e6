"""The tasks of archiving and tidying up, carried out as they are handed in."""

from collections.abc import Mapping

from source.domain.task import Json, NewTask, Task, TaskType
from source.ports.tasks import TaskHandler
from source.services.archive_tasks import ArchiveConversations, UnarchiveConversation
from source.services.cleanup_tasks import CleanupDatabase, CleanupSettings
from tests.fakes.archive_bench import ArchiveBench
from tests.fakes.clock import FakeClock
from tests.fakes.task_queue import FakeTaskQueue


class HastyClock(FakeClock):
    """Lets time pass instead of sleeping."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)


class ArchiveDesk:
    """Somebody who hands tasks in and gets what came of them."""

    def __init__(self, bench: ArchiveBench, *, cleanup: CleanupSettings | None = None) -> None:
        self.archive = ArchiveConversations(bench.archive, bench.table)
        self.unarchive = UnarchiveConversation(bench.archive, bench.table)
        self.cleanup = CleanupDatabase(bench.cleanup, cleanup or CleanupSettings())
        handlers: dict[str, TaskHandler] = {
            TaskType.ARCHIVE_CONVERSATIONS: self.archive,
            TaskType.UNARCHIVE_CONVERSATION: self.unarchive,
            TaskType.CLEANUP_DATABASE: self.cleanup,
        }
        self.queue = FakeTaskQueue(handlers, HastyClock())

    async def task(self, type_of_it: TaskType, **given: object) -> Task:
        """Hand a task in and return it as it ended."""
        return await self.queue.submit(NewTask(type_of_it, given))

    async def done(self, type_of_it: TaskType, **given: object) -> Mapping[str, object]:
        """Hand a task in and return its output."""
        output: Json | None = (await self.task(type_of_it, **given)).output_data
        assert output is not None
        return output
