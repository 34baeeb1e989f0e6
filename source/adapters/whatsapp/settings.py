"""How Echo is reached on WhatsApp."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Template:
    """A message that Meta has approved, for people who wrote too long ago; `holds_text`: its one variable is a text."""

    name: str
    language: str
    holds_text: bool = False


@dataclass(frozen=True, slots=True)
class WhatsAppSettings:
    """The number that answers, and what proves who calls whom; `api_base` None: Meta's own address."""

    phone_id: str
    token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    api_base: str | None = None
    messages_per_second: float = 80.0
    template: Template | None = None
    parked_for: timedelta = timedelta(days=30)
