"""Settings of what becomes of personal data."""

from typing import Final

from pydantic import Field, field_validator

from source.app.settings_fields import SettingFields

_USUAL_COUNTRY: Final = "US"
# What is written on cars, in addresses of the web and by the European Union, where ISO 3166 has other letters.
_OFTEN_MEANT: Final = {"UK": "GB", "EN": "GB", "EL": "GR", "D": "DE", "F": "FR", "I": "IT", "A": "AT", "E": "ES"}


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
        default=_USUAL_COUNTRY,
        examples=["DE"],
        description="Country whose phone and identity numbers are expected: two letters (ISO 3166).",
    )

    @field_validator("pii_country", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.strip().upper() if isinstance(value, str) else value

    @field_validator("pii_country")
    @classmethod
    def _of_a_country(cls, value: str) -> str:
        if value == _USUAL_COUNTRY:  # nothing is loaded at a usual start
            return value
        from source.adapters.phone_numbers import is_country

        if not is_country(value):
            near = f"; did you mean {_OFTEN_MEANT[value]}?" if value in _OFTEN_MEANT else "."
            raise ValueError(f"it must be the two letters of a country (ISO 3166), such as DE{near}")
        return value
