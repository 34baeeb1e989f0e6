"""The work that runs by itself: tasks, who does them, and when."""

from collections.abc import Sequence
from datetime import time, timedelta
from functools import cached_property

from source.adapters.sentiment.vader import VaderMood
from source.adapters.storage.interaction_table import InteractionTable
from source.adapters.storage.metadata_table import MetadataTable
from source.adapters.storage.operations_reading import OperationsReading
from source.adapters.storage.schedule_table import ScheduleTable
from source.adapters.storage.sync_table import SyncTable
from source.adapters.storage.task_table import ExecutorTable, TaskTable
from source.adapters.tasks.engine import DbosEngine, EngineSettings
from source.app.archives import cleanup_settings
from source.app.echo import PROMPTS, Echo, text_of
from source.app.memories import Memories
from source.app.records import Records
from source.app.settings import Settings
from source.domain.metadata import Aspects
from source.domain.task import Lane
from source.domain.thread import Platform
from source.ports.metadata import PlatformHistory
from source.services.agents import discovered
from source.services.agents.orchestrator import Orchestrator
from source.services.agents.parts import AgentParts
from source.services.cleanup import Cleanup, CleanupParts
from source.services.metadata import MetadataService
from source.services.metadata_model import ModelAnalyst
from source.services.metadata_offline import OfflineAnalyst
from source.services.metadata_setting import MetadataSetting
from source.services.operations_statistics import OperationsStatistics
from source.services.schedule import ScheduleService
from source.services.schedule_jobs import ScheduleSettings, jobs_of
from source.services.structured_model import StoreLedger, StructuredLanguageModel
from source.services.sync import SyncService
from source.services.task_queue import StoredTaskQueue

EXECUTIONS = "tasks.db"


class Operations:
    """The parts that work on a running Echo; made when they are asked for. Its engine does the tasks of `lanes`."""

    def __init__(self, echo: Echo, *, lanes: Sequence[Lane] = tuple(Lane)) -> None:
        self._echo = echo
        self._lanes = lanes
        echo.privacy.done_by(lambda: self.queue, lambda: self.engine)

    @cached_property
    def tasks(self) -> TaskTable:
        return TaskTable(self._echo.store)

    @cached_property
    def orchestrator(self) -> Orchestrator:
        return Orchestrator(discovered(self._agent_parts))

    @cached_property
    def engine(self) -> DbosEngine:
        settings = self._echo.settings
        return DbosEngine(
            self.tasks,
            ExecutorTable(self._echo.store),
            self.orchestrator,
            self._echo.clock,
            EngineSettings(
                database=settings.server_url or settings.conversations_dir / EXECUTIONS,
                lanes=self._lanes,
                concurrency=settings.task_concurrency,
            ),
        )

    @cached_property
    def queue(self) -> StoredTaskQueue:
        return StoredTaskQueue(self.tasks, self.orchestrator, self.engine)

    @cached_property
    def schedule(self) -> ScheduleService:
        jobs = jobs_of(schedule_settings(self._echo.settings))
        return ScheduleService(jobs, self.queue, ScheduleTable(self._echo.store), self._echo.clock)

    @cached_property
    def structured_model(self) -> StructuredLanguageModel | None:
        """Asks the model for JSON; None: there is no model."""
        echo = self._echo
        if echo.writing_model is None:
            return None
        ledger = StoreLedger(echo.store)
        return StructuredLanguageModel(echo.writing_model, ledger, echo.clock, echo.estimator, prices=echo.prices)

    @cached_property
    def metadata_table(self) -> MetadataTable:
        return MetadataTable(self._echo.store)

    @cached_property
    def sync_table(self) -> SyncTable:
        return SyncTable(self._echo.store)

    @cached_property
    def histories(self) -> dict[Platform, PlatformHistory]:
        """What can be looked back at; channels put themselves in."""
        return {}

    @cached_property
    def sync(self) -> SyncService:
        return SyncService(self.histories, self.sync_table, self._echo.archives.table, self._echo.clock)

    @cached_property
    def metadata(self) -> MetadataService:
        settings = self._echo.settings
        aspects = Aspects(
            sentiment=settings.auto_sentiment_analysis,
            category=settings.auto_categorization,
            tags=settings.auto_tagging,
        )
        prompt = text_of(PROMPTS / "metadata.md", "config/prompts")
        by_model = ModelAnalyst(self.structured_model, prompt, aspects) if self.structured_model else None
        return MetadataService(self.metadata_table, by_model, OfflineAnalyst(VaderMood()), aspects)

    @cached_property
    def metadata_setting(self) -> MetadataSetting:
        return MetadataSetting(self.metadata_table, self._echo.store, self._echo.archives.table)

    @cached_property
    def memories(self) -> Memories:
        return Memories(self._echo, self.tasks, self.structured_model)

    @cached_property
    def cleanup(self) -> Cleanup:
        echo, homes = self._echo, self._echo.archives
        parts = CleanupParts(
            store=homes.table,
            housekeeping=homes.housekeeping,
            tasks=self.tasks,
            archived=homes.archived,
            mending=homes.mending,
            home=homes.home,
            deletion=echo.deletion,
            manager=echo.manager,
            clock=echo.clock,
        )
        return Cleanup(parts)

    @cached_property
    def statistics(self) -> OperationsStatistics:
        echo = self._echo
        return OperationsStatistics(OperationsReading(echo.store), echo.clock, echo.settings.zone)

    @cached_property
    def records(self) -> Records:
        return Records(self._echo)

    @property
    def _agent_parts(self) -> AgentParts:
        return AgentParts(
            clock=self._echo.clock,
            archive=self._echo.archive,
            book=self._echo.archives.table,
            cleanup=self.cleanup,
            cleanup_settings=cleanup_settings(self._echo.settings),
            metadata=self.metadata,
            metadata_store=self.metadata_table,
            memory_batch=self.memories.batch,
            sync=self.sync,
            interactions=InteractionTable(self._echo.store),
            privacy=self._echo.privacy.handlers,
        )


def schedule_settings(settings: Settings) -> ScheduleSettings:
    """Return what recurs, and when."""
    every = settings.memory_interval_minutes
    return ScheduleSettings(
        zone=settings.zone,
        archive_is_enabled=settings.archive_enabled,
        sync_is_enabled=settings.sync_enabled,
        sync_every=timedelta(minutes=settings.auto_sync_interval_minutes),
        full_sync_every=timedelta(hours=settings.full_sync_interval_hours),
        cleanup_is_enabled=settings.cleanup_enabled,
        cleanup_at=time.fromisoformat(settings.cleanup_run_time),
        metadata_is_enabled=settings.auto_sentiment_analysis or settings.auto_categorization or settings.auto_tagging,
        memories_every=timedelta(minutes=every) if every else None,
    )
