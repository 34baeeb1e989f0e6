"""What is sent to an OpenAI-compatible server, and what a server turned out not to take."""

import json
from enum import IntEnum

from source.adapters.llm.strict_schema import strict_schema
from source.domain.errors import ModelRefusedError
from source.domain.message_text import storable
from source.ports.llm import JsonSchema, Prompt, PromptMessage, Role, ToolCall, ToolSpec

Body = dict[str, object]

TOKEN_LIMITS = ("max_completion_tokens", "max_tokens")


class ParameterRefusedError(ModelRefusedError):
    """The server does not take a parameter that a request can do without."""

    def __init__(self, parameter: str, server: str) -> None:
        super().__init__(f"{server} does not take the parameter {parameter}")
        self.parameter = parameter


class _Format(IntEnum):
    """How the shape of a reply is asked for; servers know fewer of them the simpler they are."""

    SCHEMA = 0
    OBJECT = 1
    WORDS = 2


class RequestBuilder:
    """Builds request bodies for one model of one server, without what that server has refused.

    The same prompt gives the same bytes, so that the provider's prompt cache works.
    """

    def __init__(self, model: str, *, is_openai: bool) -> None:
        self._model = model
        self._dropped = set() if is_openai else {"prompt_cache_key"}
        self._format = _Format.SCHEMA
        # OpenAI's newer models refuse `max_tokens`; simpler servers silently ignore the newer name.
        self._limits = list(TOKEN_LIMITS if is_openai else reversed(TOKEN_LIMITS))

    def body(self, prompt: Prompt) -> Body:
        """Return the body of one call."""
        body: Body = {"model": self._model, "messages": self._messages(prompt), "stream": True}
        optional: Body = {
            "stream_options": {"include_usage": True},
            "tools": [_tool(spec) for spec in prompt.tools] or None,
            "response_format": self._response_format(prompt.schema),
            "prompt_cache_key": prompt.cache_key,
        }
        if self._limits:
            optional[self._limits[0]] = prompt.max_output_tokens
        return body | {
            name: value for name, value in optional.items() if value is not None and name not in self._dropped
        }

    def go_without(self, parameter: str, body: Body) -> bool:
        """Remember that `body` was refused for `parameter`; False when another try would be no different."""
        if parameter not in body:
            return False
        if parameter == "response_format":
            self._ask_for_less(body[parameter])
        elif parameter in TOKEN_LIMITS:
            # Another call may have learnt it already.
            self._limits = [name for name in self._limits if name != parameter]
        else:
            self._dropped.add(parameter)
        return True

    def _ask_for_less(self, refused: object) -> None:
        kind = refused.get("type") if isinstance(refused, dict) else None
        lesser = _Format.OBJECT if kind == "json_schema" else _Format.WORDS
        self._format = max(self._format, lesser)

    def _response_format(self, schema: JsonSchema | None) -> Body | None:
        if schema is None or self._format is _Format.WORDS:
            return None
        if self._format is _Format.OBJECT:
            return {"type": "json_object"}
        strict = strict_schema(schema.schema)
        wanted: Body = {"name": schema.name, "schema": schema.schema if strict is None else strict}
        return {"type": "json_schema", "json_schema": wanted | {"strict": strict is not None}}

    def _messages(self, prompt: Prompt) -> list[Body]:
        spoken = [_without_tools(each) for each in prompt.messages] if "tools" in self._dropped else prompt.messages
        messages = [_message(each) for each in spoken if not _is_empty_reply(each)]
        if prompt.schema is not None and self._format is not _Format.SCHEMA and messages:
            messages[-1]["content"] = f"{messages[-1]['content']}\n\n{_shape_in_words(prompt.schema)}"
        return messages


def _is_empty_reply(message: PromptMessage) -> bool:
    return message.role is Role.ASSISTANT and not message.content and not message.tool_calls


def _message(message: PromptMessage) -> Body:
    body: Body = {"role": message.role.value, "content": storable(message.content)}
    if message.tool_calls:
        body["tool_calls"] = [_tool_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    return body


def _without_tools(message: PromptMessage) -> PromptMessage:
    """A message as a server without tools can read it."""
    if message.role is Role.TOOL:
        return PromptMessage(Role.USER, f"(Result of a tool) {message.content}")
    return PromptMessage(message.role, message.content)


def _tool_call(call: ToolCall) -> Body:
    function = {"name": call.name, "arguments": storable(call.arguments)}
    return {"id": call.call_id, "type": "function", "function": function}


def _tool(spec: ToolSpec) -> Body:
    function = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return {"type": "function", "function": function}


def _shape_in_words(schema: JsonSchema) -> str:
    return f"Reply with one JSON object of this JSON schema and nothing else:\n{json.dumps(schema.schema)}"
