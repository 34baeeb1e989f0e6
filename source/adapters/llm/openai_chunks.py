"""Streamed chunks of Chat Completions, read as events."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from pydantic import BaseModel

from source.domain.message_text import storable
from source.ports.llm import Finished, FinishReason, ModelEvent, TextDelta, ThinkingDelta, ToolCall, UsageReported

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HIGH_HALF = re.compile("[\ud800-\udbff]\\Z")
_REASONS = {
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
}


class _Function(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _CallDelta(BaseModel):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(BaseModel):
    """`reasoning_content` and `reasoning` are what DeepSeek, vLLM, OpenRouter and Ollama call thinking."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _PromptDetails(BaseModel):
    cached_tokens: int | None = None


class _Usage(BaseModel):
    """`prompt_cache_hit_tokens` is DeepSeek's name for cached tokens."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    prompt_cache_hit_tokens: int | None = None

    def reported(self) -> UsageReported | None:
        if self.prompt_tokens is None:
            return None
        details = self.prompt_tokens_details or _PromptDetails()
        cached = details.cached_tokens or self.prompt_cache_hit_tokens or 0
        return UsageReported(self.prompt_tokens, min(cached, self.prompt_tokens), self.completion_tokens or 0)


class _Chunk(BaseModel):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None


class MalformedReplyError(ValueError):
    """The server sent what no Chat Completions server sends."""


class _HalvesJoiner:
    """Joins surrogate halves that a server split over two deltas."""

    def __init__(self) -> None:
        self._held = ""

    def add(self, text: str) -> str:
        """Return what can be shown now; a high half at the end waits for its partner."""
        text = self._held + text
        self._held = text[-1] if _HIGH_HALF.search(text) else ""
        return _whole(text.removesuffix(self._held))

    def rest(self) -> str:
        held, self._held = self._held, ""
        return storable(held)


def _whole(text: str) -> str:
    """Pairs of halves become their character, whatever else cannot be stored a replacement."""
    if text.isascii() and "\0" not in text:
        return text
    return storable(_PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text))


@dataclass(slots=True)
class _OpenCall:
    """A tool call whose arguments are still coming."""

    index: int | None
    call_id: str | None
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def take(self, delta: _CallDelta) -> None:
        if delta.function is not None:
            self.name = self.name or delta.function.name or ""
            self.arguments.append(delta.function.arguments or "")

    def continues(self, delta: _CallDelta) -> bool:
        """Whether `delta` belongs to this call; some servers leave index or id out, or give every call index 0."""
        if delta.id and self.call_id and delta.id != self.call_id:
            return False
        if delta.index is not None and self.index is not None:
            return delta.index == self.index
        # Without an index a call of no known id that brings a name is a new one.
        return bool(delta.id) or not (delta.function and delta.function.name)

    def closed(self) -> ToolCall:
        if not self.name:
            raise MalformedReplyError("a tool call without a name")
        arguments = _whole("".join(self.arguments)) or "{}"
        call_id = storable(self.call_id) if self.call_id else f"call_{uuid4().hex[:24]}"
        return ToolCall(call_id, storable(self.name), arguments)


class ReplyReader:
    """Turns the chunks of one reply into events.

    `began` tells that something of the reply has come, though perhaps no event yet.
    """

    def __init__(self) -> None:
        self.began = False
        self.finished = False
        self.usage: UsageReported | None = None
        self._text = _HalvesJoiner()
        self._thinking = _HalvesJoiner()
        self._calls: list[_OpenCall] = []

    def read(self, data: object) -> list[ModelEvent]:
        """Return the events of one chunk.

        Raises: ValueError when it is none.
        """
        chunk = _Chunk.model_validate(data)
        if chunk.usage is not None:
            self.usage = chunk.usage.reported() or self.usage
        if not chunk.choices or self.finished:
            return []
        choice = chunk.choices[0]
        events = list(self._delta_events(choice.delta)) if choice.delta is not None else []
        if choice.finish_reason:
            events += self._finish(choice.finish_reason)
        self.began = self.began or bool(events or self._calls)
        return events

    def _delta_events(self, delta: _Delta) -> Iterator[ModelEvent]:
        thought = self._thinking.add(delta.reasoning_content or delta.reasoning or "")
        if thought:
            yield ThinkingDelta(thought)
        text = self._text.add((delta.content or "") + (delta.refusal or ""))
        if text:
            yield TextDelta(text)
        for call in delta.tool_calls or ():
            self._take_call(call)

    def _take_call(self, delta: _CallDelta) -> None:
        known = next((call for call in reversed(self._calls) if call.continues(delta)), None)
        if known is None:
            known = _OpenCall(delta.index, delta.id)
            self._calls.append(known)
        known.take(delta)

    def _finish(self, reason: str) -> list[ModelEvent]:
        if reason == "error":
            raise MalformedReplyError("the server gave up")
        self.finished = True
        calls = [call.closed() for call in self._calls]
        # Some servers say 'stop' after tool calls.
        finish = _REASONS.get(reason, FinishReason.TOOL_CALLS if calls else FinishReason.STOP)
        return [*self._rests(), *calls, Finished(finish)]

    def _rests(self) -> Iterator[ModelEvent]:
        if thought := self._thinking.rest():
            yield ThinkingDelta(thought)
        if text := self._text.rest():
            yield TextDelta(text)
