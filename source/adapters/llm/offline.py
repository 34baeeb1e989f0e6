"""What Echo says when there is no model: that it is offline, and what it finds in what was said before."""

import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from itertools import islice
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from source.domain.errors import ModelRefusedError
from source.domain.message_text import storable
from source.domain.offline_notice import FOUND, KEPT, OPENING, REMINDER, is_offline_text
from source.domain.recall.terms import stem, telling, terms_of, words_of
from source.ports.llm import (
    Finished,
    FinishReason,
    ModelEvent,
    Prompt,
    PromptMessage,
    Role,
    TextDelta,
    ToolCall,
    UsageReported,
)

SEARCH_TOOL = "search_messages"

_EXPLANATION = (
    f"{OPENING}: no model key is set and no local model server was found, so I cannot think of an answer. "
    "Your message is kept, and commands such as /search, /summary and /help work. "
    "To let me talk, set OPENAI_API_KEY (or OPENAI_BASE_URL, or start Ollama) and start me again."
)
_NOTHING = "I looked through what was said before and found nothing that bears on it."
_MOST_QUOTES = 5
_QUOTE_CHARS = 240
# More words than this make a search slow and no better.
_SEARCH_CHARS = 400


class _Day(BaseModel):
    """What the search tool found of one day: `Ana: We met at the harbour.`"""

    day: str
    said: list[str]


class _Found(BaseModel):
    found: list[_Day] = []


class OfflineModel:
    """Answers with quotes of the past, never pretends to be a model."""

    @property
    def name(self) -> str:
        return "offline"

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent]:
        if prompt.schema is not None:
            raise ModelRefusedError("offline: there is no model to fill a schema")
        search = _search_for(prompt)
        if search is not None:
            yield search
            yield Finished(FinishReason.TOOL_CALLS)
        else:
            for line in _reply(prompt.messages).splitlines(keepends=True):
                yield TextDelta(line)
            yield Finished(FinishReason.STOP)
        yield UsageReported(0, 0, 0)

    async def close(self) -> None:
        return


def _search_for(prompt: Prompt) -> ToolCall | None:
    """A search for the words of the person who spoke last; None when somebody else did or nothing can search."""
    last = prompt.messages[-1]
    if last.role is not Role.USER or SEARCH_TOOL not in {tool.name for tool in prompt.tools}:
        return None
    words = last.content[:_SEARCH_CHARS].strip()
    if not words:
        return None
    arguments = json.dumps({"words": storable(words)}, ensure_ascii=False)
    return ToolCall(f"call_{uuid4().hex[:24]}", SEARCH_TOOL, arguments)


def _reply(messages: Sequence[PromptMessage]) -> str:
    """Return the quotes, and above them why there is no more; what was said of that already is not said again."""
    told = [each.content for each in messages if each.role is Role.ASSISTANT]
    explained = any(text.startswith(OPENING) for text in told)
    parts = [] if explained else [_EXPLANATION]
    if explained and not any(text.startswith(REMINDER) for text in told):
        parts.append(REMINDER)
    if quotes := _quotes(messages):
        parts.append("\n".join([FOUND, *quotes]))
    elif messages[-1].role is Role.TOOL and not explained:
        parts.append(_NOTHING)
    return "\n\n".join(parts) or KEPT


def _quotes(messages: Sequence[PromptMessage]) -> list[str]:
    """Quote what the tool found for the last words, without those words themselves and what Echo says when offline."""
    if messages[-1].role is not Role.TOOL:
        return []
    try:
        days = _Found.model_validate_json(messages[-1].content).found
    except ValidationError:
        return []
    asked = next((each.content for each in reversed(messages) if each.role is Role.USER), "")
    # What stood around it is found too; it is quoted beside what shares a word with the question, or else alone.
    near = [_Day(day=day.day, said=_near(day.said, asked)) for day in days]
    return list(islice(_worth_quoting(near if any(day.said for day in near) else days, asked), _MOST_QUOTES))


def _near(said: Sequence[str], asked: str) -> list[str]:
    """Return the lines that share a word with what is asked, each with those before and after it."""
    wanted = {stem(word) for word in telling(words_of(asked))}
    shares = [not wanted.isdisjoint(terms_of(_text_of(line))) and _is_worth(line, asked) for line in said]
    return [line for place, line in enumerate(said) if any(shares[max(0, place - 1) : place + 2])]


def _worth_quoting(days: Iterable[_Day], asked: str) -> Iterator[str]:
    seen: set[str] = set()
    for day in days:
        for line in day.said:
            who, text = line.partition(": ")[0], _text_of(line)
            if text not in seen and _is_worth(line, asked):
                seen.add(text)
                yield _quote(day.day.strip("[]"), who, text)


def _is_worth(line: str, asked: str) -> bool:
    text = _text_of(line)
    return bool(text) and text != " ".join(asked.split()) and not is_offline_text(text)


def _text_of(line: str) -> str:
    return line.partition(": ")[2]


def _quote(day: str, who: str, text: str) -> str:
    line = " ".join(text.split())
    shown = line if len(line) <= _QUOTE_CHARS else f"{line[:_QUOTE_CHARS].rstrip()}…"
    return f"- {storable(day)}, {'I' if who == 'Echo' else storable(who)}: “{storable(shown)}”"
