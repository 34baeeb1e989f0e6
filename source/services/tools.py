"""What the model may ask Echo to do during a turn."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from source.domain.errors import EchoError
from source.domain.offline_notice import is_offline_notice
from source.ports.llm import ToolCall, ToolSpec
from source.ports.store import ConversationCatalog, Scope, SearchHit
from source.services.recall_notes import Recalled, not_counted

log = structlog.get_logger(__name__)

_MOST_HITS = 8
_LONGEST_HIT_CHARS = 600
# No tool needs more, and what reads and writes JSON later ends at some depth of its own.
_DEEPEST_ARGUMENTS = 50


class Tool(Protocol):
    """Something the model may call."""

    @property
    def spec(self) -> ToolSpec: ...

    async def run(self, arguments: Mapping[str, object], scopes: Sequence[Scope]) -> str:
        """Do it for those of `scopes`, who all see the result; return text for the model."""
        ...


class SearchMessages:
    """Finds what was said before, in any conversation that everyone who is answered may see."""

    spec = ToolSpec(
        name="search_messages",
        # Every prompt carries this: it is kept short.
        description="Find what was said in past conversations, by words.",
        parameters={"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]},
    )

    def __init__(self, catalog: ConversationCatalog, *, recalled: Recalled = not_counted) -> None:
        self._catalog = catalog
        self._recalled = recalled

    async def run(self, arguments: Mapping[str, object], scopes: Sequence[Scope]) -> str:
        words = str(arguments.get("words", ""))
        seen = [await self._catalog.search(words, scope=scope, limit=_MOST_HITS) for scope in scopes]
        allowed = set.intersection(*({_key(hit) for hit in each} for each in seen)) if seen else set()
        hits = [hit for hit in worth_showing(seen[0]) if _key(hit) in allowed] if seen else []
        self._recalled(hit.conversation_id for hit in hits)
        return json.dumps({"hits": [_shown(hit) for hit in hits]}, ensure_ascii=False)


def worth_showing(hits: Sequence[SearchHit]) -> list[SearchHit]:
    """Return the hits but for Echo's notices that it is offline."""
    return [hit for hit in hits if not is_offline_notice(hit.message)]


def _key(hit: SearchHit) -> tuple[int, int]:
    return hit.conversation_id, hit.message.message_id


def _shown(hit: SearchHit) -> dict[str, str]:
    requester = hit.message.requester
    who = "Echo" if requester is None else requester
    return {
        "said_at": hit.message.created_at.isoformat(timespec="seconds"),
        "who": who,
        "text": hit.message.message_content[:_LONGEST_HIT_CHARS],
    }


class Toolbox:
    """Runs the model's tool calls; what goes wrong is told to the model, which can try otherwise."""

    def __init__(self, tools: Sequence[Tool] = ()) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._tools.values())

    async def run(self, call: ToolCall, scopes: Sequence[Scope]) -> str:
        """Return what the call yields for those who are answered, as text for the model."""
        tool = self._tools.get(call.name)
        if tool is None:
            return f"There is no tool named {call.name[:80]}."
        arguments = parsed_arguments(call.arguments)
        if arguments is None:
            return "The arguments were not a JSON object. Call again with one."
        try:
            return await tool.run(arguments, scopes)
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
