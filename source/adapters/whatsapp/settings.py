"""How Echo is reached on WhatsApp."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WhatsAppSettings:
    """The number that answers, and what proves who calls whom; `api_base` None: Meta's own address."""

    phone_id: str
    token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    api_base: str | None = None
