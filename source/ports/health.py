"""How the parts of a running Echo are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class PartStatus(StrEnum):
    """How a part is; `off` is one that nobody asked for."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """How a part is, in one sentence for the operator."""

    status: PartStatus
    sentence: str


HealthPart = Callable[[], Awaitable[PartHealth]]
"""Looks at a part; an EchoError that it raises means that the part is down."""
