"""Recall where a turn needs it: what bears on an opening message, and on a message that asks about the past."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import uuid4

from source.domain.message_text import storable
from source.domain.recall.asking import asks_for_memory
from source.domain.recall.passages import RecallBudget, Recollection, in_order
from source.domain.recall.terms import telling, words_of
from source.domain.summary_text import size_of
from source.ports.llm import ToolCall, ToolSpec
from source.ports.recall import Eyes
from source.ports.store import Scope

SEARCH_TOOL: Final = "search_messages"
_HEADING: Final = "What was said before that may bear on how this conversation begins:\n"
_MOST_CHARACTERS: Final = 1_000
# How an answer begins that found something; an error is told in words.
_FOUND: Final = '{"found": [{'


class Recalls(Protocol):
    """Finds what was said."""

    async def search(self, query: str, eyes: Eyes, budget: RecallBudget) -> Recollection:
        """As `RecallService.search`."""
        ...


class OpeningRecall:
    """Implements Carries: a new conversation is given what bears on its first message, once.

    A message that asks for it is answered by a search of its own, where the model has tools (`has_tools`).
    """

    def __init__(self, recall: Recalls, *, has_tools: bool) -> None:
        self._recall = recall
        self._has_tools = has_tools

    async def carried(self, scope: Scope, opening: str, budget_bytes: int) -> str:
        """As in `Carries`."""
        if not telling(words_of(opening)) or (self._has_tools and asks_for_memory(opening)):
            return ""
        budget = RecallBudget(budget_bytes - size_of(_HEADING))
        found = await self._recall.search(opening[:_MOST_CHARACTERS], Eyes((scope,)), budget)
        return _HEADING + found.text if found else ""


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A tool's call with what it gave."""

    call: ToolCall
    answer: str


class Tools(Protocol):
    """What the model may call; as `Toolbox`."""

    @property
    def specs(self) -> Sequence[ToolSpec]: ...

    async def run(self, call: ToolCall, eyes: Eyes) -> str: ...


class RecallFirst:
    """Searches by itself when a message asks about the past; the model sees it as a search that it asked for."""

    def __init__(self, tools: Tools | None = None) -> None:
        self._tools = tools

    async def found(self, said: Sequence[str], names: Iterable[str], eyes: Eyes) -> list[AnsweredCall]:
        """Search for what was said, if that asks about the past; nothing where there is nothing to be found."""
        words = "\n".join(said)
        if self._tools is None or not asks_for_memory(words, names):
            return []
        if SEARCH_TOOL not in {tool.name for tool in self._tools.specs}:
            return []
        arguments = json.dumps({"words": storable(words[:_MOST_CHARACTERS])}, ensure_ascii=False)
        call = ToolCall(f"recall_{uuid4().hex[:24]}", SEARCH_TOOL, arguments)
        answer = await self._tools.run(call, eyes)
        return [AnsweredCall(call, answer)] if answer.startswith(_FOUND) else []


NEVER_FIRST: Final = RecallFirst()
"""Where nothing can be searched."""


def shown(found: Recollection) -> str:
    """Return what was found as JSON for the model: days with what was said on each, in order."""
    days: dict[str, list[str]] = {}
    for turn in in_order(found.turns):
        days.setdefault(turn.heading, []).append(turn.line)
    told = [{"day": day, "said": said} for day, said in days.items()]
    return json.dumps({"found": told}, ensure_ascii=False)
