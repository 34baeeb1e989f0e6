"""Every path of the API, and what is behind it."""

from collections.abc import Sequence

from fastapi import APIRouter

from source.adapters.storage.history_table import HistoryTable
from source.adapters.storage.message_pages import MessageTable
from source.adapters.storage.people_table import PeopleTable
from source.adapters.web.chat import WebChat
from source.adapters.web.routes import (
    analytics,
    archiving,
    attendance,
    chat,
    cleanup,
    commands,
    facts,
    interactions,
    memories,
    messages,
    metadata,
    privacy,
    sending,
    sessions,
    syncing,
    tasks,
)
from source.app.echo import Echo
from source.app.operations import Operations
from source.app.privacy import retention_settings
from source.ports.tasks import TaskQueue
from source.services.audit import RetentionRules


def api_routes(echo: Echo, operations: Operations, web_chat: WebChat) -> Sequence[APIRouter]:
    """Return the routes, in the order in which their documentation has them."""
    archives, queue = echo.archives.table, operations.queue
    return [
        chat.router(web_chat),
        commands.router(web_chat),
        sessions.router(web_chat),
        attendance.router(attendance.AttendanceParts(archives, echo.people.attending, echo.taking_over)),
        sending.router(sending.SendingRoutesParts(archives, echo.sending, echo.parked)),
        archiving.router(archiving.ArchivingParts(queue, archives)),
        syncing.router(syncing.SyncingParts(queue, archives, operations.sync, HistoryTable(echo.store))),
        cleanup.router(cleanup.CleanupParts(queue, operations.statistics)),
        metadata.router(metadata.MetadataParts(operations.metadata, operations.metadata_setting)),
        tasks.router(tasks.TaskParts(queue, operations.schedule)),
        interactions.router(queue),
        analytics.router(analytics.AnalyticsParts(operations.statistics, operations.records.service)),
        messages.router(MessageTable(echo.store)),
        memories.router(
            memories.MemoryParts(
                operations.memories.trigger(queue), operations.memories.table, operations.memories.intake, echo.clock
            )
        ),
        facts.router(
            facts.FactParts(
                PeopleTable(echo.store),
                echo.facts.service,
                echo.facts.table,
                echo.facts.forgetting(echo.rewriting),
            )
        ),
        privacy.router(privacy_parts(echo, queue)),
        # Last: an id is looked for where no other word stands.
        *operations.records.routes(),
    ]


def privacy_parts(echo: Echo, queue: TaskQueue) -> privacy.PrivacyParts:
    """Return what the routes of privacy need."""
    parts = echo.privacy
    return privacy.PrivacyParts(
        desk=parts.desk,
        my_data=parts.my_data,
        audit=parts.audit,
        rules=RetentionRules(parts.rules, parts.audit),
        queue=queue,
        settings=retention_settings(echo.settings),
        retention_is_enabled=echo.settings.retention_enabled,
    )
