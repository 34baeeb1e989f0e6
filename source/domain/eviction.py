"""Which conversations leave process memory."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Residency:
    """How things stand: the conversation that was used longest ago, and the memory it sits in."""

    idle_seconds: float
    conversations: int
    size_bytes: int


class EvictionStrategy(Protocol):
    """Says whether the conversation that was used longest ago has to leave."""

    def must_leave(self, residency: Residency) -> bool: ...


@dataclass(frozen=True, slots=True)
class MostConversations:
    """Keep at most `limit` conversations in memory."""

    limit: int

    def must_leave(self, residency: Residency) -> bool:
        return residency.conversations > self.limit


@dataclass(frozen=True, slots=True)
class MostBytes:
    """Keep at most `limit_bytes` of message text in memory."""

    limit_bytes: int

    def must_leave(self, residency: Residency) -> bool:
        return residency.size_bytes > self.limit_bytes
