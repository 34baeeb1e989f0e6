"""Settings of the API and of what talks to it."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from source.app.settings_fields import SeparatedByCommas, SettingFields, Url, empty_as_none


class WebFields(SettingFields):
    """Where the API listens, and what it takes."""

    web_enabled: bool = Field(default=True, description="Whether `python bot.py` serves the API.")
    web_host: str = Field(
        default="127.0.0.1",
        pattern=r"^[0-9a-zA-Z.:_-]{1,253}$",
        examples=["127.0.0.1"],
        description="Address that the API listens on; any but this machine's own needs an API key first.",
    )
    web_port: int = Field(default=8001, ge=1, le=65_535, description="Port of the API.")
    web_requests_per_minute: int = Field(
        default=600, ge=0, le=1_000_000, description="Requests a minute that one API key may make; 0: any number."
    )
    web_allowed_origins: Annotated[tuple[Url, ...], *SeparatedByCommas] = Field(
        default=(),
        examples=["https://example.org"],
        description="Web pages of other addresses that may call the API from a browser, separated by commas.",
    )
    echo_api_url: Url | None = Field(
        default=None,
        examples=["http://127.0.0.1:8001"],
        description="Address of a running Echo's API, for `python bot.py worker` with MEMORY_QUEUE_URL.",
    )
    echo_api_key: SecretStr | None = Field(
        default=None, min_length=1, description="Key for that API; only from the environment or .env."
    )

    @field_validator("echo_api_url", "echo_api_key", mode="before")
    @classmethod
    def _nothing_is_no_address(cls, value: object) -> object:
        return empty_as_none(value)
