"""Settings of what is to be known of people."""

from typing import Annotated

from pydantic import Field, field_validator

from source.app.settings_fields import SeparatedByCommas, SettingFields
from source.domain.profile_fields import field_name

_Fields = Annotated[tuple[str, ...], *SeparatedByCommas]


class ProfileFields(SettingFields):
    """What belongs to a whole profile."""

    profile_required_fields: _Fields = Field(
        default=("name", "email"),
        examples=["name,email,company"],
        description="Fields without which a profile is not complete, separated by commas.",
    )

    @field_validator("profile_required_fields", mode="after")
    @classmethod
    def _are_fields(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(field_name(each) for each in given)
        if None in names:
            raise ValueError("each field must be one word of letters, as in name,email,company.")
        return tuple(name for name in names if name)
