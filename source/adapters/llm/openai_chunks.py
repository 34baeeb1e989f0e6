"""Streamed chunks of Chat Completions, read as events."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from source.domain.message_text import storable
from source.ports.llm import Finished, FinishReason, ModelEvent, TextDelta, ThinkingDelta, ToolCall, UsageReported

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_REASONS = {
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
}


class MalformedReplyError(ValueError):
    """The server sent what no Chat Completions server sends."""


# A JSON object, as `json` reads it.
_Object = dict[str, object]


def _object(value: object) -> _Object:
    if not isinstance(value, dict):
        raise MalformedReplyError("something else in place of an object")
    return value


def _list(part: _Object, name: str) -> list[object]:
    value = part.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedReplyError(f"{name} is no list")
    return value


def _text(part: _Object, name: str) -> str:
    value = part.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MalformedReplyError(f"{name} is no text")
    return value


def _number(part: _Object, name: str) -> int | None:
    """A whole number, which simpler servers write as 9.0 or "9"."""
    value = part.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    raise MalformedReplyError(f"{name} is no whole number")


def _usage(part: _Object) -> UsageReported | None:
    """`prompt_cache_hit_tokens` is DeepSeek's name for cached tokens."""
    prompt, completion = _number(part, "prompt_tokens"), _number(part, "completion_tokens")
    if prompt is None:
        return None
    details = part.get("prompt_tokens_details")
    cached = _number(_object(details), "cached_tokens") if details is not None else None
    cached = cached or _number(part, "prompt_cache_hit_tokens") or 0
    return UsageReported(prompt, min(cached, prompt), completion or 0)


@dataclass(frozen=True, slots=True)
class _CallDelta:
    """A piece of a tool call."""

    index: int | None
    call_id: str
    name: str
    arguments: str

    @classmethod
    def of(cls, value: object) -> "_CallDelta":
        part = _object(value)
        function = part.get("function")
        said = _object(function) if function is not None else {}
        return cls(_number(part, "index"), _text(part, "id"), _text(said, "name"), _text(said, "arguments"))


class _HalvesJoiner:
    """Joins surrogate halves that a server split over two deltas."""

    def __init__(self) -> None:
        self._held = ""

    def add(self, text: str) -> str:
        """Return what can be shown now; a high half at the end waits for its partner."""
        if not text:
            return ""
        text = self._held + text
        self._held = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
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
    call_id: str
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def take(self, delta: _CallDelta) -> None:
        self.name = self.name or delta.name
        self.arguments.append(delta.arguments)

    def continues(self, delta: _CallDelta) -> bool:
        """Whether `delta` belongs to this call; some servers leave index or id out, or give every call index 0."""
        if delta.call_id and self.call_id and delta.call_id != self.call_id:
            return False
        if delta.index is not None and self.index is not None:
            return delta.index == self.index
        # Without an index a call of no known id that brings a name is a new one.
        return bool(delta.call_id) or not delta.name

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
        chunk = _object(data)
        usage, choices = chunk.get("usage"), _list(chunk, "choices")
        if usage is not None:
            self.usage = _usage(_object(usage)) or self.usage
        if not choices or self.finished:
            return []
        choice = _object(choices[0])
        delta, reason = choice.get("delta"), _text(choice, "finish_reason")
        events = list(self._delta_events(_object(delta))) if delta is not None else []
        if reason:
            events += self._finish(reason)
        self.began = self.began or bool(events or self._calls)
        return events

    def _delta_events(self, delta: _Object) -> Iterator[ModelEvent]:
        """`reasoning_content` and `reasoning` are what DeepSeek, vLLM, OpenRouter and Ollama call thinking."""
        thought = self._thinking.add(_text(delta, "reasoning_content") or _text(delta, "reasoning"))
        if thought:
            yield ThinkingDelta(thought)
        text = self._text.add(_text(delta, "content") + _text(delta, "refusal"))
        if text:
            yield TextDelta(text)
        for call in _list(delta, "tool_calls"):
            self._take_call(_CallDelta.of(call))

    def _take_call(self, delta: _CallDelta) -> None:
        known = next((call for call in reversed(self._calls) if call.continues(delta)), None)
        if known is None:
            known = _OpenCall(delta.index, delta.call_id)
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
