"""What every request passes through is made of."""

from dataclasses import dataclass

from source.ports.api_keys import AnswerStore
from source.ports.clock import Clock
from source.services.api_keys import ApiKeys


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the API listens and what it takes; `requests_per_minute` 0: any number."""

    host: str = "127.0.0.1"
    port: int = 8001
    requests_per_minute: int = 600
    allowed_origins: tuple[str, ...] = ()
    max_body_bytes: int = 1_000_000
    version: str = "0"


@dataclass(frozen=True, slots=True)
class WebFrame:
    """Settings and ports of the frame."""

    settings: WebSettings
    keys: ApiKeys
    answers: AnswerStore
    clock: Clock
