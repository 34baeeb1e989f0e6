"""Forgetting, handing over what is kept, and retention, in a process that has the store."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.person_deletion import PersonDeletion
from source.adapters.storage.person_export import PersonExportTable
from source.adapters.storage.person_reading import PersonTable
from source.adapters.storage.personal_files import PersonalFiles
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.storage.retention_table import RetentionTable
from source.adapters.storage.said_table import SaidTable
from source.adapters.storage.shown_reading import ShownTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import TaskTable
from source.adapters.tasks import execution_file
from source.app.archives import ARCHIVE
from source.app.exports import EXPORT_FOLDER
from source.app.settings import Settings
from source.domain.privacy import SeenFrom
from source.domain.task import TaskType
from source.ports.privacy import Who
from source.ports.tasks import TaskHandler, TaskQueue
from source.services.agents.orchestrator import Orchestrator
from source.services.attendance import Attending
from source.services.audit import AuditLog
from source.services.commands.privacy import PrivacyCommands
from source.services.forget_desk import ForgetDesk
from source.services.forgetting import Forgetting, ForgettingParts
from source.services.forgetting_others import ForgettingOthers
from source.services.forgetting_steps import ForgettingSteps
from source.services.inline_tasks import InlineTasks
from source.services.limits import Limits, PersonKey
from source.services.my_data import MyData
from source.services.privacy_tasks import ApplyRetention, ForgetPerson
from source.services.recall import RecallService
from source.services.retention import RetentionParts, RetentionService
from source.services.retention_view import RetentionSettings, RetentionView
from source.services.summaries_anew import CorrectedSummaries, SummariesAnew
from source.services.told_elsewhere import ToldElsewhere

if TYPE_CHECKING:
    from source.app.echo import Echo

EXECUTIONS: Final = "tasks.db"
_DRAIN: Final = timedelta(seconds=10)


class Engine(Protocol):
    """What is needed of a task engine."""

    async def forget(self, task_ids: Sequence[int]) -> None: ...

    async def erase(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _PrivacyAgent:
    handlers: Mapping[str, TaskHandler]
    name: str = "PrivacyAgent"


class Privacy:
    """The parts that forget; made when they are asked for."""

    def __init__(self, echo: "Echo") -> None:
        self._echo = echo
        self._queue: Callable[[], TaskQueue] | None = None
        self._engine: Callable[[], Engine] | None = None

    def done_by(self, queue: Callable[[], TaskQueue], engine: Callable[[], Engine]) -> None:
        """Have an engine do what would otherwise be done at once, here."""
        self._queue, self._engine = queue, engine

    async def take_up(self) -> None:
        """Where no engine runs: go on with what was left undone."""
        await self._inline.take_up()

    async def close(self) -> None:
        """Let what was begun here end; the rest is done at the next start."""
        await self._inline.close(_DRAIN)

    @cached_property
    def receipts(self) -> ReceiptTable:
        return ReceiptTable(self._echo.store)

    @cached_property
    def reading(self) -> PersonTable:
        return PersonTable(self._echo.store)

    @cached_property
    def rules(self) -> RetentionTable:
        return RetentionTable(self._echo.store)

    @cached_property
    def handlers(self) -> dict[str, TaskHandler]:
        """By type, how the tasks of this area are done."""
        is_enabled = self._echo.settings.retention_enabled
        return {
            TaskType.FORGET_PERSON: ForgetPerson(self._forgetting),
            TaskType.APPLY_RETENTION: ApplyRetention(self.retention, self.desk, is_enabled=is_enabled),
        }

    @cached_property
    def desk(self) -> ForgetDesk:
        return ForgetDesk(self.receipts, self.reading, self._forgetting, self.queue)

    @cached_property
    def my_data(self) -> MyData:
        echo = self._echo
        return MyData(self.reading, PersonExportTable(echo.store), echo.store, self.audit, echo.clock)

    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self.receipts)

    @cached_property
    def commands(self) -> PrivacyCommands:
        return PrivacyCommands(self.desk, self.my_data)

    @cached_property
    def view(self) -> RetentionView:
        echo = self._echo
        return RetentionView(self.rules, echo.store, echo.clock, retention_settings(echo.settings))

    @cached_property
    def retention(self) -> RetentionService:
        parts = RetentionParts(
            view=self.view,
            store=self.rules,
            conversations=self._echo.store,
            reading=self.reading,
            receipts=self.receipts,
            rewriting=self._echo.rewriting,
            anew=self.anew,
            elsewhere=self.elsewhere,
            files=(self._traces, self._rows),
        )
        return RetentionService(parts)

    @cached_property
    def anew(self) -> SummariesAnew:
        return SummariesAnew(self._echo.summarizer, self._echo.archives.table)

    @cached_property
    def corrected_summaries(self) -> CorrectedSummaries:
        echo = self._echo
        return CorrectedSummaries(self.anew, echo.archives.table, self.reading, echo.rewriting, self.elsewhere)

    @cached_property
    def elsewhere(self) -> ToldElsewhere:
        echo = self._echo
        return ToldElsewhere(ShownTable(echo.store), MemoryTable(echo.store), echo.rewriting)

    def queue(self) -> TaskQueue:
        """Return where tasks are handed in."""
        return self._queue() if self._queue is not None else self._inline

    @cached_property
    def _rows(self) -> PersonDeletion:
        return _RowsAndAttendance(self._echo.store, self._echo.people.attending)

    @cached_property
    def _steps(self) -> ForgettingSteps:
        return ForgettingSteps(self.reading, self.anew)

    @cached_property
    def _inline(self) -> InlineTasks:
        orchestrator = Orchestrator([_PrivacyAgent(self.handlers)])
        return InlineTasks(TaskTable(self._echo.store), orchestrator, self._echo.clock)

    @cached_property
    def _traces(self) -> "_Traces":
        return _Traces(self._echo.settings, self._echo.limits, self._engine_now, self._echo.recall)

    def _engine_now(self) -> Engine:
        return self._engine() if self._engine is not None else _NoEngine(self._echo.settings)

    @cached_property
    def _forgetting(self) -> Forgetting:
        echo = self._echo
        parts = ForgettingParts(
            receipts=self.receipts,
            reading=self.reading,
            rows=self._rows,
            store=echo.store,
            rewriting=echo.rewriting,
            steps=self._steps,
            others=ForgettingOthers(self.receipts, SaidTable(echo.store), self.reading, echo.rewriting, self._steps),
            corrections=echo.corrections,
            traces=self._traces,
            channel_of=echo.turns.channel_of,
            undelivered=echo.turns.forget,
        )
        return Forgetting(parts)


class _RowsAndAttendance(PersonDeletion):
    """Has memory follow what leaves the database."""

    def __init__(self, store: SqlStore, attending: Attending) -> None:
        super().__init__(store)
        self._attending = attending

    async def forget_rows(self, who: Who, place: SeenFrom | None, before: int) -> None:
        await super().forget_rows(who, place, before)
        await self._attending.follow()


class _NoEngine:
    """The notes of an engine that does not run in this process: on SQLite they are in a file of ours."""

    def __init__(self, settings: Settings) -> None:
        self._file = None if settings.server_url else settings.conversations_dir / EXECUTIONS

    async def forget(self, task_ids: Sequence[int]) -> None:
        if self._file is not None:
            await execution_file.forget(self._file, task_ids)

    async def erase(self) -> None:
        if self._file is not None:
            await execution_file.erase(self._file)


class _Traces:
    """Implements `Traces`."""

    def __init__(self, settings: Settings, limits: Limits, engine: Callable[[], Engine], recall: RecallService) -> None:
        self._files = personal_files(settings)
        self._limits = limits
        self._engine = engine
        self._recall = recall

    async def forget(self, who: Who, *, everywhere: bool) -> None:
        ids: Collection[str] = [alias.external_id for alias in who.aliases]
        await self._files.remove_naming(ids)
        if everywhere:
            for alias in who.aliases:
                self._limits.forget(PersonKey(alias.platform, alias.external_id))

    async def forget_tasks(self, task_ids: Sequence[int]) -> None:
        await self._engine().forget(task_ids)

    async def erase(self) -> None:
        self._recall.forget()
        await self._files.sweep()
        await self._engine().erase()


def personal_files(settings: Settings) -> PersonalFiles:
    """Return the files in the data folder that are neither transcripts nor archives."""
    folder = settings.conversations_dir
    return PersonalFiles(folder / EXPORT_FOLDER, (folder, folder / ARCHIVE, folder / EXPORT_FOLDER))


def retention_settings(settings: Settings) -> RetentionSettings:
    """Return what holds where there is no rule."""
    return RetentionSettings(settings.message_retention_days, settings.summary_retention_days)
