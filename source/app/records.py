"""What programs read and write over the API: records, conversations, people, searches and exports."""

from collections.abc import Sequence
from functools import cached_property

from fastapi import APIRouter

from source.adapters.storage.hurried_reads import HurriedReads
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.record_table import RecordTable
from source.adapters.web.routes import conversations, exports, people, profiles, records, search
from source.app.echo import Echo
from source.services.bulk_export import BulkExport
from source.services.conversation_life import ConversationLife
from source.services.export import Exporter
from source.services.records import RecordParts, RecordService


class Records:
    """The parts of a running Echo that work with records; made when they are asked for."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo

    @cached_property
    def _access(self) -> HurriedReads:
        """Whoever asks for much over the API keeps nobody waiting who talks."""
        return HurriedReads(self._echo.store)

    @cached_property
    def table(self) -> RecordTable:
        return RecordTable(self._access)

    @cached_property
    def service(self) -> RecordService:
        echo = self._echo
        return RecordService(
            RecordParts(self.table, echo.store, echo.manager, echo.deletion, echo.clock, echo.scrubbing)
        )

    @cached_property
    def exporter(self) -> Exporter:
        return Exporter(self._echo.manager, self._echo.catalog)

    @cached_property
    def life(self) -> ConversationLife:
        return ConversationLife(self.table, self._echo.manager, self._echo.opening)

    @property
    def _profile_parts(self) -> profiles.ProfileParts:
        known = self._echo.profiles
        forgetting = known.forgetting(self._echo.rewriting)
        return profiles.ProfileParts(PeopleTable(self._echo.store), known.service, forgetting, known.linking)

    def routes(self) -> Sequence[APIRouter]:
        """Return their routes."""
        bulk = BulkExport(self.service, self._echo.catalog)
        return [
            records.router(self.service),
            conversations.router(conversations.ConversationParts(self.service, self.table, self.life, self.exporter)),
            people.router(PeopleTable(self._access), self.service),
            profiles.router(self._profile_parts),
            search.router(self._echo.catalog),
            exports.router(exports.ExportParts(self.table, self.exporter, bulk)),
        ]
