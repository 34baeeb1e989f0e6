"""What Echo does by itself, and when."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from source.domain.schedule import Cron, Every, Job
from source.domain.task import TaskType

_NEVER_ASKED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """Times are those of `zone`; without `memories_every` memories are made only when asked for."""

    zone: ZoneInfo
    archive_is_enabled: bool = True
    sync_is_enabled: bool = True
    sync_every: timedelta = timedelta(minutes=30)
    full_sync_every: timedelta = timedelta(hours=24)
    cleanup_is_enabled: bool = True
    cleanup_at: time = time(2, 0)
    metadata_is_enabled: bool = True
    memories_every: timedelta | None = timedelta(hours=1)


def jobs_of(settings: ScheduleSettings) -> tuple[Job, ...]:
    """Return all jobs; those that are switched off are there too, and can be had by hand."""
    zone = settings.zone
    return (
        Job(
            "auto_archive",
            "Auto-archive old conversations",
            TaskType.ARCHIVE_CONVERSATIONS,
            Cron("0 3 * * *", zone),
            is_enabled=settings.archive_is_enabled,
        ),
        Job(
            "auto_sync",
            "Auto-sync messages",
            TaskType.SYNC_MESSAGES,
            Every(settings.sync_every),
            is_enabled=settings.sync_is_enabled,
        ),
        Job(
            "full_sync",
            "Compare with all that the platforms have",
            TaskType.SYNC_MESSAGES,
            Every(settings.full_sync_every),
            {"full": True},
            is_enabled=settings.sync_is_enabled,
        ),
        Job(
            "database_cleanup",
            "Clean up the database",
            TaskType.CLEANUP_DATABASE,
            Cron(f"{settings.cleanup_at.minute} {settings.cleanup_at.hour} * * *", zone),
            is_enabled=settings.cleanup_is_enabled,
        ),
        Job(
            "retention",
            "Remove what was kept for long enough",
            TaskType.APPLY_RETENTION,
            Cron(f"{settings.cleanup_at.minute} {settings.cleanup_at.hour} * * *", zone),
            {"scheduled": True},
        ),
        Job(
            "metadata_update",
            "Update moods, categories and tags",
            TaskType.UPDATE_METADATA,
            Cron("0 4 * * sun", zone),
            is_enabled=settings.metadata_is_enabled,
        ),
        Job(
            "memory_generation",
            "Make memories of quiet conversations",
            TaskType.GENERATE_MEMORY_BATCH,
            Every(settings.memories_every or _NEVER_ASKED),
            is_enabled=settings.memories_every is not None,
        ),
    )
