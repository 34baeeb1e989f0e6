"""A language model, as the core uses one."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """Who says a part of the prompt."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for `name` to be run; `arguments` is the JSON text as the model wrote it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that the model may call; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of a prompt; `tool_calls` on the assistant's, `tool_call_id` on a tool's answer."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """The shape that the whole reply must have."""

    name: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One call: what is said to the model and what it may do.

    `cache_key` names prompts that share a prefix, for providers that route by it.
    """

    messages: tuple[PromptMessage, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int | None = None
    schema: JsonSchema | None = None
    cache_key: str | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """The next piece of what the model thinks before it replies."""

    text: str


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What the server counted for this call, in tokens; `cached_tokens` is part of `input_tokens`."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int


class FinishReason(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event but for usage: the model stopped."""

    reason: FinishReason


ModelEvent = TextDelta | ThinkingDelta | ToolCall | UsageReported | Finished


class LanguageModel(Protocol):
    """Streams a reply.

    Errors before the first event: ModelUnavailableError, ModelRefusedError, ContextTooLongError, after retries.
    Errors later: ModelInterruptedError, never retried. Every text that comes out can be stored
    (no NUL, no lone surrogate). Closing the generator closes the connection.
    """

    @property
    def name(self) -> str:
        """The model's name, as usage is recorded under it."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent]:
        """Call the model once; the last event is `Finished`, or `UsageReported` right after it."""
        ...

    async def close(self) -> None:
        """Give back what the adapter opened."""
        ...
