"""Figures of the conversation manager."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ManagerMetrics:
    """What the manager holds, and has done since it was made."""

    conversations: int
    in_use: int
    size_bytes: int
    waiting_to_be_written: int
    loaded: int
    left: int
    transcripts_written: int
    transcripts_failed: int
