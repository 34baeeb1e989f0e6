"""The agent that remembers: it makes the memories of quiet conversations."""

from collections.abc import Mapping
from dataclasses import dataclass

from source.domain.task import TaskType
from source.ports.tasks import TaskHandler
from source.services.agents.parts import AgentParts


@dataclass(frozen=True, slots=True)
class MemoryAgent:
    """Does batches of memories."""

    handlers: Mapping[str, TaskHandler]
    name: str = "MemoryAgent"


def create_agent(parts: AgentParts) -> MemoryAgent:
    """Return the agent; where its batches are done is decided by who makes the parts."""
    return MemoryAgent({TaskType.GENERATE_MEMORY_BATCH: parts.memory_batch})
