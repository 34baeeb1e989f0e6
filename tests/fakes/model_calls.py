"""Prompts and their events, for tests of language models."""

from source.ports.llm import (
    Finished,
    FinishReason,
    JsonSchema,
    LanguageModel,
    ModelEvent,
    Prompt,
    PromptMessage,
    Role,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolSpec,
    UsageReported,
)

SEARCH = ToolSpec(
    "search_messages",
    "Find what was said before.",
    {"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]},
)
TITLE = JsonSchema(
    "title", {"type": "object", "properties": {"title": {"type": "string", "maxLength": 60}}, "required": ["title"]}
)


def asking(
    *texts: str,
    tools: tuple[ToolSpec, ...] = (),
    schema: JsonSchema | None = None,
    max_output_tokens: int | None = None,
) -> Prompt:
    """A prompt of what persons said, one after the other."""
    messages = tuple(PromptMessage(Role.USER, text) for text in texts)
    return Prompt(messages, tools=tools, schema=schema, max_output_tokens=max_output_tokens)


def after_tool(question: str, answer: str, *, earlier: tuple[PromptMessage, ...] = ()) -> Prompt:
    """A prompt that ends with the answer of a search."""
    call = ToolCall("call_1", SEARCH.name, '{"words": "x"}')
    messages = (
        *earlier,
        PromptMessage(Role.USER, question),
        PromptMessage(Role.ASSISTANT, "", tool_calls=(call,)),
        PromptMessage(Role.TOOL, answer, tool_call_id="call_1"),
    )
    return Prompt(messages, tools=(SEARCH,))


async def events_of(model: LanguageModel, prompt: Prompt) -> list[ModelEvent]:
    return [event async for event in model.stream(prompt)]


def text_in(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def thinking_in(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, ThinkingDelta))


def calls_in(events: list[ModelEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]


def usage_in(events: list[ModelEvent]) -> list[UsageReported]:
    return [event for event in events if isinstance(event, UsageReported)]


def finish_in(events: list[ModelEvent]) -> list[FinishReason]:
    return [event.reason for event in events if isinstance(event, Finished)]
