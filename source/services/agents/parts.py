"""What agents are made of."""

from dataclasses import dataclass

from source.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts:
    """Everything that an agent may need; each takes what it uses."""

    clock: Clock
