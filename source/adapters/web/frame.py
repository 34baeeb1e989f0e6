"""What every request passes through is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from source.adapters.web.metrics import WebMetrics
from source.ports.api_keys import AnswerStore
from source.ports.clock import Clock
from source.ports.health import HealthPart
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
    """Settings and ports of the frame; `health` looks at the parts: `store`, `model`, `tasks`, each channel.

    `webhooks` are paths that platforms call, with the bytes of their largest bodies: they prove by themselves who
    they are, and no limit of requests binds them.
    """

    settings: WebSettings
    keys: ApiKeys
    answers: AnswerStore
    clock: Clock
    health: Mapping[str, HealthPart] = field(default_factory=dict)
    metrics: WebMetrics = field(default_factory=WebMetrics)
    webhooks: Mapping[str, int] = field(default_factory=dict)
