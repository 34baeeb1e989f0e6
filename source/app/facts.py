"""What is known of people, in a process that has the store."""

from functools import cached_property

from source.adapters.storage.fact_table import FactTable
from source.adapters.storage.sql_store import SqlStore
from source.ports.clock import Clock
from source.services.commands.remembering import MemoryCommand
from source.services.fact_forgetting import FactForgetting
from source.services.fact_reading import FactReading
from source.services.facts import FactsService
from source.services.rewriting import Rewriting


class Facts:
    """The parts that tell, carry and forget what is known; made when they are asked for."""

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @cached_property
    def table(self) -> FactTable:
        return FactTable(self._store)

    @cached_property
    def service(self) -> FactsService:
        return FactsService(self.table, self._clock)

    @cached_property
    def reading(self) -> FactReading:
        return FactReading(self.table)

    def forgetting(self, rewriting: Rewriting) -> FactForgetting:
        return FactForgetting(self.table, rewriting)

    def command(self, rewriting: Rewriting) -> MemoryCommand:
        return MemoryCommand(self.service, self.forgetting(rewriting))
