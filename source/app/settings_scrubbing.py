"""Settings of what becomes of personal data."""

from pydantic import Field, field_validator

from source.app.settings_fields import SettingFields


class ScrubbingFields(SettingFields):
    """Where personal data in what people write is taken out."""

    pii_scrub_model: bool = Field(
        default=False,
        description="Whether the model sees placeholders instead of personal data; replies have the data again.",
    )
    pii_scrub_stored: bool = Field(
        default=False,
        description="Whether personal data is removed for good before a message is kept anywhere.",
    )
    pii_scrub_logs: bool = Field(default=True, description="Whether personal data is removed from log lines.")
    pii_country: str = Field(
        default="US",
        pattern=r"^[A-Z]{2}$",
        examples=["DE"],
        description="Country whose phone and identity numbers are expected: two letters (ISO 3166).",
    )

    @field_validator("pii_country", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.strip().upper() if isinstance(value, str) else value
