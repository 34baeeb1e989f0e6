"""Who does which task."""

from collections.abc import Sequence
from dataclasses import replace

from source.domain.errors import RefusedInputError
from source.domain.task import Lane, NewTask
from source.ports.tasks import Agent, TaskHandler


class Orchestrator:
    """Routes each type of task to the one agent that does it."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        self.agents = tuple(agents)
        self._handlers: dict[str, TaskHandler] = {}
        owners: dict[str, str] = {}
        for agent in self.agents:
            for task_type, handler in agent.handlers.items():
                if task_type in owners:
                    raise ValueError(f"{task_type} is done by {owners[task_type]} and by {agent.name}")
                owners[str(task_type)] = agent.name
                self._handlers[str(task_type)] = handler

    @property
    def types(self) -> list[str]:
        """The types of tasks that somebody does."""
        return sorted(self._handlers)

    def handler(self, task_type: str) -> TaskHandler:
        """Return how tasks of this type are done.

        Raises: RefusedInputError: nobody does them.
        """
        handler = self._handlers.get(task_type)
        if handler is None:
            raise RefusedInputError(f"There are no tasks of the type {task_type!r}. Known: {', '.join(self.types)}.")
        return handler

    def checked(self, new: NewTask) -> tuple[NewTask, Lane]:
        """Return the task with the defaults of its input filled in, and where it may run.

        Raises: RefusedInputError: nobody does such tasks, or not with this input.
        """
        handler = self.handler(new.type)
        return replace(new, input=handler.checked(new.input)), handler.lane
