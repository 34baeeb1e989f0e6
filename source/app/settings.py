"""Every setting of Echo: its name, bounds, default and one sentence."""

from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from source.app.settings_business import BusinessFields
from source.app.settings_discord import DiscordFields
from source.app.settings_embeddings import EmbeddingFields
from source.app.settings_fields import empty_as_none
from source.app.settings_model import ModelFields
from source.app.settings_operations import OperationFields
from source.app.settings_profiles import ProfileFields
from source.app.settings_scrubbing import ScrubbingFields
from source.app.settings_web import WebFields
from source.app.settings_whatsapp import WhatsAppFields

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_ORIGIN = "default"


class Settings(
    ModelFields,
    EmbeddingFields,
    DiscordFields,
    WhatsAppFields,
    BusinessFields,
    OperationFields,
    ProfileFields,
    ScrubbingFields,
    WebFields,
):
    """What the operator decided; `settings_loader` reads it, calling the class reads nothing.

    In files and in the environment a field is named in capitals: `idle_time_seconds` is IDLE_TIME_SECONDS.
    """

    persona: str = Field(
        default="echo",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$",
        examples=["support"],
        description="How Echo speaks: a file of config/personas, by name.",
    )
    conversations_dir: Path = Field(
        default=Path("conversations"),
        description="Folder of the transcripts and the database; a relative path begins at the folder of bot.py.",
    )
    database_url: str | None = Field(
        default=None,
        pattern=r"^(sqlite|postgresql)(\+\w+)?://",
        examples=["sqlite:////var/lib/echo/echo.db", "postgresql://user:password@host/echo"],
        description="Database instead of the SQLite file echo.db in CONVERSATIONS_DIR; empty: that file.",
    )
    durability: Literal["full", "normal"] = Field(
        default="full",
        description="What an accepted message survives: full, a power cut; normal, the kill of the process.",
    )
    transcript_delay_seconds: float = Field(
        default=2, ge=0, le=3_600, description="Seconds after a turn before its transcript is written."
    )
    idle_time_seconds: float = Field(
        default=300,
        ge=0.01,
        le=604_800,
        description="Seconds without a message after which a conversation leaves process memory.",
    )
    max_conversations_in_memory: int = Field(
        default=10_000, ge=1, le=10_000_000, description="Conversations kept in process memory at most."
    )
    max_memory_megabytes: int = Field(
        default=256, ge=1, le=1_048_576, description="Megabytes of conversations kept in process memory at most."
    )
    conversation_timeout_hours: float = Field(
        default=48,
        gt=0,
        le=87_600,
        description="Hours without a message after which a conversation ends and the next begins.",
    )
    max_context_messages: int = Field(
        default=50, ge=1, le=100_000, description="Messages of the conversation sent to the model at most."
    )
    context_budget_tokens: int = Field(
        default=12_000, ge=500, le=2_000_000, description="Tokens sent to the model with one call at most."
    )
    include_summary: bool = Field(
        default=True, description="Whether a new conversation begins with a summary of the last one."
    )
    include_client_summary: bool = Field(
        default=True, description="Whether that summary says what was learned of the person."
    )
    topic_suggestions: bool = Field(
        default=True, description="Whether Echo says so when people have come to a new topic; nothing is forced."
    )
    summarize_old_conversations: bool = Field(
        default=True, description="Whether the model writes the summaries; without it they are excerpts."
    )
    max_summary_messages: int = Field(
        default=20, ge=1, le=10_000, description="Messages of a conversation read for its summary at most."
    )
    summary_budget_tokens: int = Field(
        default=4_000, ge=200, le=1_000_000, description="Tokens sent to the model for one summary at most."
    )
    summary_tokens: int = Field(default=300, ge=50, le=20_000, description="Longest summary, in tokens.")
    memory_budget_tokens: int = Field(
        default=400,
        ge=0,
        le=20_000,
        description="Tokens of what is known of a person that a new conversation begins with at most; 0: none.",
    )
    recall_opening_tokens: int = Field(
        default=500,
        ge=0,
        le=20_000,
        description="Tokens of past messages that bear on the first one and that a conversation begins with; 0: none.",
    )
    recall_budget_tokens: int = Field(
        default=1_000, ge=100, le=100_000, description="Tokens of past messages that one search finds at most."
    )
    summary_timeout_seconds: float = Field(
        default=5,
        gt=0,
        le=600,
        description="Seconds to wait for the model's summary before excerpts are taken instead.",
    )
    answer_max_age_minutes: float = Field(
        default=60,
        ge=0,
        le=525_600,
        description="Minutes after which a message found unanswered at start is marked interrupted.",
    )
    max_message_bytes: int = Field(
        default=32_768, ge=1, le=16_777_216, description="Longest message that is taken, in bytes of UTF-8."
    )
    messages_per_minute: int = Field(
        default=20, ge=0, le=100_000, description="Messages a minute that one person may send; 0: any number."
    )
    daily_tokens: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000_000,
        description="Tokens a day (UTC) that answers to one person may take; 0: any number.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Least important log line written; unless set, only warnings, and errors in a chat at a terminal.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Form of the log lines on standard error."
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the library's interface)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is passed in; the loader reads the sources one by one, so that it knows what came from where."""
        return (init_settings,)

    @field_validator("database_url", mode="before")
    @classmethod
    def _empty_is_no_url(cls, value: object) -> object:
        return empty_as_none(value)

    @field_validator("log_level", "log_format", "durability", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("conversations_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return ROOT / value.expanduser()

    def with_origins(self, origins: dict[str, str]) -> "Settings":
        """Remember where each setting came from; the names are in capitals."""
        self._origins.update(origins)
        return self

    def source_of(self, name: str) -> str:
        """Where the value of this setting came from: a file, the environment or the default."""
        return self._origins.get(name.upper(), DEFAULT_ORIGIN)

    def is_set(self, name: str) -> bool:
        """Whether the operator gave this setting outside the file that lists the defaults."""
        return self.source_of(name) != DEFAULT_ORIGIN

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no log and no screen may show."""
        password = urlsplit(self.database_url).password if self.database_url else ""
        values = (getattr(self, name) for name in type(self).model_fields)
        keys = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return tuple(secret for secret in (*keys, password) if secret)

    @property
    def database(self) -> str | Path:
        """The database's URL, or the path of the SQLite file."""
        return self.database_url or self.conversations_dir / "echo.db"

    @property
    def sqlite_file(self) -> Path | None:
        """The database when it is a file of this machine."""
        if self.database_url is None:
            return self.conversations_dir / "echo.db"
        scheme, _, path = self.database_url.partition(":///")
        return Path(path) if scheme.startswith("sqlite") and path else None

    @property
    def server_url(self) -> str | None:
        """The database when it is on a PostgreSQL server."""
        return self.database_url if self.database_url and self.database_url.startswith("postgresql") else None

    @property
    def persona_file(self) -> Path:
        return ROOT / "config" / "personas" / f"{self.persona}.md"

    @property
    def conversation_timeout(self) -> timedelta:
        return timedelta(hours=self.conversation_timeout_hours)

    @property
    def summary_timeout(self) -> timedelta:
        return timedelta(seconds=self.summary_timeout_seconds)

    @property
    def answer_max_age(self) -> timedelta:
        return timedelta(minutes=self.answer_max_age_minutes)

    @property
    def transcript_delay(self) -> timedelta:
        return timedelta(seconds=self.transcript_delay_seconds)
