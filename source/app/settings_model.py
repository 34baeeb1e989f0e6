"""Settings of the language model."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from source.app.settings_fields import SeparatedByCommas, SettingFields, Url, empty_as_none


class ModelFields(SettingFields):
    """Which model answers, and how it is called."""

    openai_api_key: SecretStr | None = Field(
        default=None, min_length=1, description="Key of the model's provider; only from the environment or .env."
    )
    openai_base_url: Url | None = Field(
        default=None,
        examples=["https://api.openai.com/v1"],
        description="Address of any OpenAI-compatible server, with its /v1; empty: OpenAI.",
    )
    openai_model: str = Field(
        default="gpt-5-mini",
        min_length=1,
        max_length=200,
        description="Name of the model that answers, as its provider has it.",
    )
    media_model: str | None = Field(
        default=None,
        max_length=200,
        examples=["gpt-5-mini", "none"],
        description="Model of the same provider that looks at pictures; empty: OPENAI_MODEL; none: nobody does.",
    )
    transcription_model: str | None = Field(
        default=None,
        max_length=200,
        examples=["whisper-1", "none"],
        description="Model there that writes down voice messages; empty: one of OpenAI's, where that is the provider.",
    )
    local_model_urls: Annotated[tuple[Url, ...], *SeparatedByCommas] = Field(
        default=("http://127.0.0.1:11434/v1", "http://127.0.0.1:1234/v1", "http://127.0.0.1:8080/v1"),
        examples=["http://127.0.0.1:11434/v1,http://127.0.0.1:8080/v1"],
        description="Where Echo looks for a model server on this machine when there is no key, separated by commas.",
    )
    model_connect_seconds: float = Field(
        default=5, gt=0, le=300, description="Seconds to wait for a connection to the model's provider."
    )
    model_first_token_seconds: float = Field(
        default=60, gt=0, le=3_600, description="Seconds to wait for the first piece of an answer."
    )
    model_stall_seconds: float = Field(
        default=30,
        gt=0,
        le=3_600,
        description="Seconds of silence in the middle of an answer after which it counts as cut.",
    )
    model_max_attempts: int = Field(
        default=3, ge=1, le=10, description="Times a model call is tried in all, as long as no text has come."
    )
    model_tools: bool = Field(
        default=True, description="Whether the model may call tools, such as the search of past messages."
    )
    max_tool_rounds: int = Field(
        default=4, ge=0, le=20, description="Rounds of tool calls in one turn before Echo must answer."
    )
    max_output_tokens: int = Field(
        default=2_048, ge=16, le=200_000, description="Longest answer, in tokens, thinking included."
    )
    model_input_price: float = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Dollars for a million tokens sent; 0: not known, costs are not shown.",
    )
    model_cached_price: float = Field(
        default=0, ge=0, le=1_000_000, description="Dollars for a million tokens that the provider read from its cache."
    )
    model_output_price: float = Field(
        default=0, ge=0, le=1_000_000, description="Dollars for a million tokens of answers."
    )

    @field_validator("openai_api_key", "openai_base_url", "media_model", "transcription_model", mode="before")
    @classmethod
    def _empty_is_not_set(cls, value: object) -> object:
        return empty_as_none(value)

    @property
    def model_connect_timeout(self) -> timedelta:
        return timedelta(seconds=self.model_connect_seconds)

    @property
    def model_first_token_timeout(self) -> timedelta:
        return timedelta(seconds=self.model_first_token_seconds)

    @property
    def model_stall_timeout(self) -> timedelta:
        return timedelta(seconds=self.model_stall_seconds)
