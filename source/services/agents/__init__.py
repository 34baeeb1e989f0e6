"""Agents: who can do which types of tasks.

Every module here that has `create_agent(parts: AgentParts) -> Agent` is one agent; nothing lists them.
"""

import importlib
import pkgutil
from collections.abc import Callable

from source.ports.tasks import Agent
from source.services.agents.parts import AgentParts


def discovered(parts: AgentParts) -> list[Agent]:
    """Return one agent of every module here that makes one, by the modules' names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
    makers: list[Callable[[AgentParts], Agent] | None] = [
        getattr(importlib.import_module(name), "create_agent", None) for name in names
    ]
    return [create(parts) for create in makers if create is not None]
