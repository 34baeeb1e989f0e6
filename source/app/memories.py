"""What makes memories in a process that has the store."""

from functools import cached_property

from source.adapters.language import LanguageDetector
from source.adapters.sqs.memory_queue import SqsMemoryQueue
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.task_table import TaskTable
from source.app.echo import PROMPTS, Echo, text_of
from source.ports.memories import StructuredModel
from source.ports.tasks import TaskHandler, TaskQueue
from source.services.memories import MemoryService, StoreDesk
from source.services.memory_batch import EligibleConversations, GenerateMemoryBatch, MemoryTrigger, SendMemoryBatch
from source.services.memory_extractors import MemoryExtractor, ModelExtractor, OfflineExtractor
from source.services.memory_intake import MemoryIntake
from source.services.structured_model import StoreLedger

# About as many as take a second or two: a model answers in that, rules read a conversation in milliseconds.
_A_PIECE_BY_MODEL = 8
_A_PIECE_OFFLINE = 50


def memory_extractor(model: StructuredModel | None) -> MemoryExtractor:
    """Return what finds out what is to be remembered: by the model, without one by rules.

    Raises: SettingsError: the prompt is not there.
    """
    detector = LanguageDetector()
    if model is None:
        return OfflineExtractor(detector.detect)
    return ModelExtractor(model, text_of(PROMPTS / "memory.md", "config/prompts"), detector.detect)


class Memories:
    """The parts that make, take and hand over memories; made when they are asked for."""

    def __init__(self, echo: Echo, tasks: TaskTable, model: StructuredModel | None) -> None:
        self._echo = echo
        self._tasks = tasks
        self._model = model

    @cached_property
    def table(self) -> MemoryTable:
        return MemoryTable(self._echo.store)

    @cached_property
    def service(self) -> MemoryService:
        # Only a model is told what it may correct: rules see that by themselves.
        known = self._echo.facts.service if self._model is not None else None
        desk = StoreDesk(self._echo.store, self.table, known)
        return MemoryService(desk, memory_extractor(self._model), self._echo.clock, rules=self._echo.profiles.rules)

    @cached_property
    def intake(self) -> MemoryIntake:
        ledger = StoreLedger(self._echo.store)
        kept_text, rules = self._echo.scrubbing.text, self._echo.profiles.rules
        return MemoryIntake(self._echo.store, self.table, ledger, kept_text=kept_text, rules=rules)

    @cached_property
    def eligible(self) -> EligibleConversations:
        settings = self._echo.settings
        quiet = settings.quiet_before_memory
        handed_over = {"handed_over_for": quiet} if settings.memory_queue_url else {}
        return EligibleConversations(self.table, self._tasks, self._echo.clock, quiet_for=quiet, **handed_over)

    @cached_property
    def batch(self) -> TaskHandler:
        """How a batch is done: here, or by handing it to workers through a queue."""
        url = self._echo.settings.memory_queue_url
        if url is not None:
            return SendMemoryBatch(SqsMemoryQueue(str(url)), self.eligible)
        return GenerateMemoryBatch(
            self.service, self.eligible, a_piece=_A_PIECE_OFFLINE if self._model is None else _A_PIECE_BY_MODEL
        )

    def trigger(self, queue: TaskQueue) -> MemoryTrigger:
        return MemoryTrigger(queue, self.eligible)
