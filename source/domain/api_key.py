"""Who may call the API, and for what."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key allows; `admin` allows everything."""

    READ = "read"
    WRITE = "write"
    CHAT = "chat"
    TASKS = "tasks"
    METRICS = "metrics"
    ADMIN = "admin"


EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: `digest` is the SHA-256 of the whole key, `prefix` what people know it by."""

    key_id: int
    name: str
    prefix: str
    digest: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def allows(granted: frozenset[Scope], wanted: Scope) -> bool:
    """Whether these scopes include what is wanted."""
    return wanted in granted or Scope.ADMIN in granted
