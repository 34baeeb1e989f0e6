"""Settings of the business that Echo speaks for, and of the people beside it."""

from datetime import timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from source.app.settings_fields import SeparatedByCommas, SettingFields
from source.domain.business_hours import hours_in
from source.domain.out_of_hours import Hours, OutOfHours
from source.domain.thread import Platform

_ONE_LINE = r"^[^\x00-\x1f]*$"


class BusinessFields(SettingFields):
    """Whom Echo speaks for, when there are people, and how they take over."""

    business_name: str = Field(
        default="",
        max_length=100,
        pattern=_ONE_LINE,
        examples=["Lucky Shrub"],
        description="Name of the business that Echo speaks for; empty: none is named.",
    )
    business_purpose: str = Field(
        default="",
        max_length=500,
        pattern=_ONE_LINE,
        examples=["questions about our plants and orders"],
        description="What Echo is there for, after 'here for'; the model declines the rest. Empty: anything.",
    )
    first_contact_notice: str = Field(
        default="",
        max_length=1_000,
        description="What everybody is told once, before their first answer; empty: nothing.",
    )
    ai_disclosure: Annotated[tuple[Platform, ...], *SeparatedByCommas] = Field(
        default=(Platform.WHATSAPP,),
        description=(
            "Platforms on which everybody is told once that an AI answers, separated by commas; empty: none. "
            "It is told where BUSINESS_NAME or BUSINESS_PURPOSE say for whom or what."
        ),
    )
    business_hours: str = Field(
        default="",
        max_length=500,
        examples=["mon-fri 09:00-18:00, sat 10:00-14:00"],
        description="When people are there, in BUSINESS_TIMEZONE; empty: they always may be.",
    )
    business_timezone: str = Field(
        default="UTC", examples=["Europe/Berlin"], description="Time zone of BUSINESS_HOURS."
    )
    out_of_hours: OutOfHours = Field(
        default=OutOfHours.ANSWER,
        description=(
            "While nobody is there, Echo answers (answer), says to who wants a person when there is one (notice), or "
            "does not answer and says that once (silent_notice)."
        ),
    )
    out_of_hours_notice: str = Field(
        default="Nobody is here at the moment. We are here again {opens}; your message is kept.",
        min_length=1,
        max_length=1_000,
        description="What is said once while nobody is there; {opens} stands for when somebody is.",
    )
    human_notice: str = Field(
        default="I have asked a person to answer you here; what you write reaches them. /bot brings me back.",
        min_length=1,
        max_length=1_000,
        description="What is said to who asks for a person with /human.",
    )
    human_timeout_hours: float = Field(
        default=12,
        gt=0,
        le=8_760,
        description="Hours without a sign of the person who answers after which Echo answers again.",
    )
    whatsapp_pause_minutes: float = Field(
        default=60,
        ge=0,
        le=525_600,
        description="Minutes for which Echo is silent after somebody of the business wrote on their phone; 0: none.",
    )

    @field_validator("out_of_hours", mode="before")
    @classmethod
    def _out_of_hours_in_any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("business_timezone")
    @classmethod
    def _a_known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("it must be the name of a time zone, such as Europe/Berlin.")
        return value

    @field_validator("business_hours")
    @classmethod
    def _readable_hours(cls, value: str) -> str:
        if value.strip():
            hours_in(value, ZoneInfo("UTC"))
        return value.strip()

    @model_validator(mode="after")
    def _hours_where_something_is_done_outside_them(self) -> Self:
        if self.out_of_hours is not OutOfHours.ANSWER and not self.business_hours:
            raise ValueError("OUT_OF_HOURS needs BUSINESS_HOURS, such as mon-fri 09:00-18:00")
        return self

    @property
    def discloses_on(self) -> tuple[Platform, ...]:
        """Platforms on which people are told that an AI answers: in somebody's name, or for something."""
        return self.ai_disclosure if self.business_name.strip() or self.business_purpose.strip() else ()

    @property
    def hours(self) -> Hours:
        """When people are there, and what is done while they are not."""
        zone = ZoneInfo(self.business_timezone)
        hours = hours_in(self.business_hours, zone) if self.business_hours else None
        return Hours(hours, self.out_of_hours, self.out_of_hours_notice)

    @property
    def human_timeout(self) -> timedelta:
        return timedelta(hours=self.human_timeout_hours)

    @property
    def whatsapp_pause(self) -> timedelta:
        return timedelta(minutes=self.whatsapp_pause_minutes)
