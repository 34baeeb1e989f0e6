"""The agent that counts: what is counted of people is put right by it."""

from collections.abc import Mapping
from dataclasses import dataclass

from source.domain.task import TaskType
from source.ports.tasks import TaskHandler
from source.services.agents.parts import AgentParts
from source.services.interactions import RecountInteractions


@dataclass(frozen=True, slots=True)
class InteractionAgent:
    """Counts people's conversations anew."""

    handlers: Mapping[str, TaskHandler]
    name: str = "InteractionAgent"


def create_agent(parts: AgentParts) -> InteractionAgent:
    """Return the agent."""
    return InteractionAgent({TaskType.RECOUNT_INTERACTIONS: RecountInteractions(parts.interactions)})
