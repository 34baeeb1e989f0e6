"""Settings of the WhatsApp channel."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from source.app.settings_fields import SettingFields, Url, empty_as_none

_TOGETHER = ("whatsapp_token", "whatsapp_phone_id", "whatsapp_app_secret", "whatsapp_verify_token")


class WhatsAppFields(SettingFields):
    """How Echo is reached on WhatsApp."""

    whatsapp_token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Token of the system user that may send from the number; only from the environment or .env.",
    )
    whatsapp_phone_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,32}$",
        examples=["106540352242922"],
        description="Id of the number that answers, as Meta shows it; it is not the number itself.",
    )
    whatsapp_app_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret of the Meta app, with which webhooks are signed; only from the environment or .env.",
    )
    whatsapp_verify_token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Words of your own, which Meta repeats to prove itself; only from the environment or .env.",
    )
    whatsapp_api_base: Url | None = Field(
        default=None,
        examples=["https://graph.facebook.com"],
        description="Address of the Graph API, for a proxy; empty: Meta's.",
    )
    whatsapp_burst_seconds: float = Field(
        default=1.5,
        ge=0,
        le=30,
        description="Seconds of quiet after a message before it is answered, together with what came in between.",
    )
    whatsapp_messages_per_second: int = Field(
        default=80,
        ge=1,
        le=1_000,
        description="Messages a second that the number may send; 20 for one that a phone uses as well.",
    )
    whatsapp_template: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9_]{1,512}$",
        examples=["we_have_an_answer"],
        description="Template for people who wrote over 24 hours ago; empty: replies to them wait until they write.",
    )
    whatsapp_template_language: str = Field(
        default="en_US",
        pattern=r"^[a-z]{2,3}(_[A-Za-z]{2,4})?$",
        description="Language of WHATSAPP_TEMPLATE, as Meta writes it.",
    )
    whatsapp_template_holds_text: bool = Field(
        default=False,
        description="Whether the body of WHATSAPP_TEMPLATE has one variable, which is filled with the reply.",
    )
    whatsapp_parked_days: int = Field(
        default=30,
        ge=1,
        le=3_650,
        description="Days for which a reply waits until the person writes again.",
    )

    @field_validator(*_TOGETHER, "whatsapp_api_base", "whatsapp_template", mode="before")
    @classmethod
    def _nothing_is_no_number(cls, value: object) -> object:
        return empty_as_none(value)

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        missing = [name.upper() for name in _TOGETHER if getattr(self, name) is None]
        if missing and len(missing) < len(_TOGETHER):
            raise ValueError(f"WhatsApp needs {' and '.join(missing)} as well: docs/whatsapp.md says where to find it")
        return self

    @model_validator(mode="after")
    def _a_template_to_hold_the_text(self) -> Self:
        if self.whatsapp_template_holds_text and self.whatsapp_template is None:
            raise ValueError("WHATSAPP_TEMPLATE_HOLDS_TEXT needs WHATSAPP_TEMPLATE, a template that Meta has approved")
        return self

    @property
    def has_whatsapp(self) -> bool:
        """Whether a number is set up."""
        return self.whatsapp_token is not None

    @property
    def whatsapp_burst(self) -> timedelta:
        return timedelta(seconds=self.whatsapp_burst_seconds)

    @property
    def whatsapp_parked_for(self) -> timedelta:
        return timedelta(days=self.whatsapp_parked_days)
