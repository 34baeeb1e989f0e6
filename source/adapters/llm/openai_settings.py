"""Settings of the OpenAI adapter."""

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

OPENAI_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class OpenAIChatSettings:
    """Which model of which server, and how long to wait for it.

    `first_token_timeout` counts from the request to the first piece of the reply, `stall_timeout`
    from piece to piece. A server that asks to wait longer than `longest_pause` is not asked again;
    no attempt begins later than `give_up_after`.
    """

    model: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str = OPENAI_BASE_URL
    connect_timeout: timedelta = timedelta(seconds=5)
    first_token_timeout: timedelta = timedelta(seconds=60)
    stall_timeout: timedelta = timedelta(seconds=30)
    max_attempts: int = 3
    first_pause: timedelta = timedelta(seconds=0.5)
    longest_pause: timedelta = timedelta(seconds=20)
    give_up_after: timedelta = timedelta(seconds=90)

    @property
    def server(self) -> str:
        """Host and port, for messages to the operator."""
        return server_of(self.base_url, "OPENAI_BASE_URL")

    @property
    def is_openai(self) -> bool:
        return self.server == "api.openai.com"


def server_of(base_url: str, setting: str) -> str:
    """Return host and port of an address; of none, which setting should be one."""
    try:
        return urlsplit(base_url).netloc.rpartition("@")[2] or f"the server at {setting}"
    except ValueError:
        return f"the server at {setting}"
