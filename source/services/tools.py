"""What the model may ask Echo to do during a turn."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from source.domain.errors import EchoError
from source.domain.recall.passages import RecallBudget, Recollection
from source.ports.llm import ToolCall, ToolSpec
from source.ports.recall import Eyes
from source.services.recalling import SEARCH_TOOL, Recalls, shown

log = structlog.get_logger(__name__)

# No tool needs more, and what reads and writes JSON later ends at some depth of its own.
_DEEPEST_ARGUMENTS = 50


class Tool(Protocol):
    """Something the model may call."""

    @property
    def spec(self) -> ToolSpec: ...

    async def run(self, arguments: Mapping[str, object], eyes: Eyes) -> str:
        """Do it for all who look, who all see the result; return text for the model."""
        ...


class SearchMessages:
    """Finds what was said before, in any conversation that everyone who is answered may see."""

    spec = ToolSpec(
        name=SEARCH_TOOL,
        # Every prompt carries this: it is kept short.
        description="Find what was said in past conversations, by a question or by words.",
        parameters={"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]},
    )

    def __init__(self, recall: Recalls, budget_bytes: Callable[[], int]) -> None:
        self._recall = recall
        self._budget_bytes = budget_bytes

    async def run(self, arguments: Mapping[str, object], eyes: Eyes) -> str:
        if not eyes.scopes:
            return shown(Recollection())
        words = str(arguments.get("words", ""))
        return shown(await self._recall.search(words, eyes, RecallBudget(self._budget_bytes())))


class Toolbox:
    """Runs the model's tool calls; what goes wrong is told to the model, which can try otherwise."""

    def __init__(self, tools: Sequence[Tool] = ()) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._tools.values())

    async def run(self, call: ToolCall, eyes: Eyes) -> str:
        """Return what the call yields for those who are answered, as text for the model."""
        tool = self._tools.get(call.name)
        if tool is None:
            return f"There is no tool named {call.name[:80]}."
        arguments = parsed_arguments(call.arguments)
        if arguments is None:
            return "The arguments were not a JSON object. Call again with one."
        try:
            return await tool.run(arguments, eyes)
        except EchoError as error:
            log.warning("tool_failed", tool=call.name, error=str(error))
            return "That did not work this time."


def parsed_arguments(arguments: str) -> dict[str, object] | None:
    """Return the JSON object of a tool call's arguments; None when it is none, or is nested too deeply."""
    try:
        parsed = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) and not _is_too_deep(parsed) else None


def _is_too_deep(parsed: dict[str, object]) -> bool:
    level: list[object] = [parsed]
    for _ in range(_DEEPEST_ARGUMENTS):
        level = [inner for value in level for inner in _parts(value) if isinstance(inner, dict | list)]
    return bool(level)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
