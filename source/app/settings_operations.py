"""Settings of the work that runs by itself: archiving, syncing, clean-up, metadata and memories."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from source.app.settings_fields import SettingFields, Url, empty_as_none

_Days = Annotated[int, Field(ge=0, le=36_500)]
_Time = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class OperationFields(SettingFields):
    """What Echo does by itself, and when."""

    time_zone: str = Field(
        default="UTC", examples=["Europe/Berlin"], description="Time zone of the times in these settings."
    )
    archive_enabled: bool = Field(
        default=True, description="Whether old conversations are archived every day at 03:00."
    )
    auto_archive_after_days: _Days = Field(
        default=90, description="Days after its beginning after which an ended conversation is archived; 0: never."
    )
    archive_inactive_after_days: _Days = Field(
        default=60, description="Days without a message after which a conversation is archived; 0: never."
    )
    compress_archives: bool = Field(default=True, description="Whether archived transcripts are compressed.")
    archive_retention_days: _Days = Field(
        default=365,
        description="Days after which an archived conversation is deleted, everywhere; 0: never.",
    )
    retention_enabled: bool = Field(
        default=False,
        description="Whether what was said is removed after MESSAGE_RETENTION_DAYS, every day with the clean-up.",
    )
    message_retention_days: _Days = Field(
        default=90,
        description="Days after which messages are removed, with all that only they show; 0: never. Rules may differ.",
    )
    summary_retention_days: _Days = Field(
        default=730, description="Days after its last change after which a user summary is removed; 0: never."
    )
    archive_storage: str | None = Field(
        default=None,
        pattern=r"^(s3|gs|az|file)://.+",
        examples=["s3://bucket/echo"],
        description="Where archived transcripts are put: s3://, gs://, az:// or file://; empty: CONVERSATIONS_DIR.",
    )
    archive_storage_endpoint: Url | None = Field(
        default=None,
        examples=["http://127.0.0.1:9000"],
        description="Address of an S3-compatible server other than Amazon's; credentials come from the environment.",
    )
    sync_enabled: bool = Field(
        default=True, description="Whether threads are compared with their platform by themselves."
    )
    auto_sync_interval_minutes: int = Field(
        default=30, ge=1, le=10_080, description="Minutes between two looks for messages that were missed."
    )
    full_sync_interval_hours: int = Field(
        default=24, ge=1, le=8_760, description="Hours between two comparisons with all that the platform still has."
    )
    cleanup_enabled: bool = Field(default=True, description="Whether the clean-up runs every day.")
    cleanup_run_time: _Time = Field(default="02:00", examples=["02:00"], description="When the clean-up runs, HH:MM.")
    optimize_tables: bool = Field(
        default=True,
        description="Whether the clean-up gives space back to the disk and refreshes the database's statistics.",
    )
    compress_after_days: _Days = Field(
        default=30, description="Days after which an archive that is not compressed is; 0: never."
    )
    auto_sentiment_analysis: bool = Field(default=True, description="Whether messages are analyzed for their mood.")
    auto_categorization: bool = Field(default=True, description="Whether messages are sorted into categories.")
    auto_tagging: bool = Field(default=True, description="Whether messages are tagged.")
    inactivity_threshold: float = Field(
        default=2,
        gt=0,
        le=8_760,
        description="Hours without a message after which a conversation's memory is made.",
    )
    memory_interval_minutes: int = Field(
        default=60,
        ge=0,
        le=10_080,
        description="Minutes between two looks for conversations that need a memory; 0: only when asked over the API.",
    )
    memory_queue_url: Url | None = Field(
        default=None,
        examples=["https://sqs.eu-central-1.amazonaws.com/123/echo-memories"],
        description="SQS queue for batches of memories, which `python bot.py worker` then makes; empty: made here.",
    )
    task_concurrency: int = Field(default=2, ge=1, le=64, description="Tasks that run at the same time in one process.")

    @field_validator("archive_storage", "archive_storage_endpoint", "memory_queue_url", mode="before")
    @classmethod
    def _nothing_is_no_place(cls, value: object) -> object:
        return empty_as_none(value)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("it must be the name of a time zone, such as Europe/Berlin.")
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def quiet_before_memory(self) -> timedelta:
        return timedelta(hours=self.inactivity_threshold)
