"""What all groups of settings share."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=2_000)]


class SettingFields(BaseSettings):
    """A group of settings; what it does not know, it refuses."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)


def empty_as_none(value: object) -> object:
    """Take an empty text for 'not set'."""
    return None if isinstance(value, str) and not value.strip() else value


def split_list(value: object) -> object:
    """Take a text for a list separated by commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


# pydantic-settings would read a tuple as JSON.
SeparatedByCommas = (NoDecode, BeforeValidator(split_list))
