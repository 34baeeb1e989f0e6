"""The agent that forgets: people who ask for it, and what has been kept for long enough."""

from collections.abc import Mapping
from dataclasses import dataclass

from source.ports.tasks import TaskHandler
from source.services.agents.parts import AgentParts


@dataclass(frozen=True, slots=True)
class PrivacyAgent:
    """Does what has to do with forgetting."""

    handlers: Mapping[str, TaskHandler]
    name: str = "PrivacyAgent"


def create_agent(parts: AgentParts) -> PrivacyAgent:
    """Return the agent."""
    return PrivacyAgent(parts.privacy)
