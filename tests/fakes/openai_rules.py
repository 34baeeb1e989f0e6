"""What the fake OpenAI server refuses, in the words of the real one."""

from collections.abc import Mapping, Sequence

from tests.fakes.openai_pictures import pictures_in
from tests.fakes.openai_script import Fails
from tests.fakes.openai_tokens import Body, text_of

# fmt: off
KNOWN_PARAMETERS = frozenset((
    "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "stream", "stream_options", "max_tokens",
    "max_completion_tokens", "response_format", "temperature", "top_p", "n", "stop", "seed", "user",
    "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "reasoning_effort", "verbosity", "metadata",
    "store", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "service_tier",
    "modalities", "prediction",
))
# fmt: on
ROLES = ("developer", "system", "user", "assistant", "tool")


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Fails:
    return Fails(400, message, kind="invalid_request_error", code=code, param=param)


def problem_of_body(body: object) -> Fails | None:
    """Return what is wrong with a request's body; None when it can be answered."""
    if not isinstance(body, dict):
        return invalid("We could not parse the JSON body of your request.")
    return (
        _problem_of_parameters(body)
        or _problem_of_messages(body.get("messages"))
        or _problem_of_pictures(body["messages"])
        or _problem_of_tools(body.get("tools"))
        or _problem_of_format(body)
    )


def _problem_of_parameters(body: Body) -> Fails | None:
    for name in body:
        if name not in KNOWN_PARAMETERS:
            return invalid(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return invalid("you must provide a model parameter")
    if "stream_options" in body and not body.get("stream"):
        return invalid(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    for name in ("max_tokens", "max_completion_tokens"):
        limit = body.get(name, 1)
        if not isinstance(limit, int) or limit < 1:
            return invalid(
                f"Invalid '{name}': integer below minimum value.", param=name, code="integer_below_min_value"
            )
    return None


def _problem_of_messages(messages: object) -> Fails | None:
    if not isinstance(messages, list) or not messages:
        return invalid("Invalid 'messages': empty array.", param="messages", code="empty_array")
    awaited: set[str] = set()
    for position, message in enumerate(messages):
        problem = _problem_of_message(message, f"messages.[{position}]", awaited)
        if problem is not None:
            return problem
    return _unanswered(awaited, "messages") if awaited else None


def _problem_of_pictures(messages: object) -> Fails | None:
    try:
        pictures = pictures_in(messages)
    except ValueError:
        return invalid("Invalid image URL.", param="messages", code="invalid_image_url")
    is_empty = any(not picture for picture in pictures)
    return invalid("You uploaded an unsupported image.", code="image_parse_error") if is_empty else None


def _problem_of_message(message: Mapping[str, object], param: str, awaited: set[str]) -> Fails | None:
    """Check one message; `awaited` holds the tool calls that still lack their answer."""
    role = message.get("role")
    if role not in ROLES:
        return invalid(f"Invalid value: '{role}'.", param=f"{param}.role", code="invalid_value")
    if role == "tool":
        return _problem_of_tool_message(message, param, awaited)
    if awaited:
        return _unanswered(awaited, f"{param}.role")
    calls = message.get("tool_calls")
    if calls is not None and (role != "assistant" or not isinstance(calls, list) or not calls):
        return invalid(f"Invalid '{param}.tool_calls'.", param=f"{param}.tool_calls")
    if isinstance(calls, list):
        awaited.update(str(call["id"]) for call in calls)
    if not isinstance(message.get("content"), str | list) and not calls:
        return invalid("Invalid value for 'content': expected a string, got null.", param=f"{param}.content")
    return None


def _problem_of_tool_message(message: Mapping[str, object], param: str, awaited: set[str]) -> Fails | None:
    call_id = message.get("tool_call_id")
    if call_id not in awaited:
        return invalid(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
            "with 'tool_calls'.",
            param=f"{param}.role",
        )
    awaited.discard(str(call_id))
    return None


def _unanswered(awaited: set[str], param: str) -> Fails:
    return invalid(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(sorted(awaited))}",
        param=param,
    )


def _problem_of_tools(tools: object) -> Fails | None:
    if tools is None:
        return None
    if not isinstance(tools, list) or not tools:
        return invalid("Invalid 'tools': empty array.", param="tools", code="empty_array")
    for position, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return invalid(f"Missing required parameter: 'tools[{position}].function'.", param=f"tools[{position}]")
        parameters = function.get("parameters", {"type": "object"})
        if not isinstance(parameters, dict) or parameters.get("type") != "object":
            return invalid(
                f"Invalid schema for function '{function['name']}': "
                "schema must be a JSON Schema of 'type: \"object\"'.",
                param=f"tools[{position}].function.parameters",
                code="invalid_function_parameters",
            )
    return None


def _problem_of_format(body: Body) -> Fails | None:
    wanted = body.get("response_format")
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_object":
        return _problem_of_json_object(body["messages"])
    if kind == "json_schema" and isinstance(wanted, dict):
        return _problem_of_json_schema(wanted.get("json_schema"))
    return None if kind == "text" else invalid(f"Invalid value: '{kind}'.", param="response_format.type")


def _problem_of_json_object(messages: object) -> Fails | None:
    assert isinstance(messages, list)
    if any("json" in text_of(message.get("content")).lower() for message in messages):
        return None
    return invalid("'messages' must contain the word 'json' in some form.", param="messages")


def _problem_of_json_schema(wanted: object) -> Fails | None:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
        return invalid(
            "Missing required parameter: 'response_format.json_schema'.", param="response_format.json_schema"
        )
    schema = wanted.get("schema")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return _schema_problem(wanted["name"], "schema must be a JSON Schema of 'type: \"object\"'")
    if wanted.get("strict"):
        reason = strictness_problem(schema)
        return _schema_problem(wanted["name"], reason) if reason else None
    return None


def _schema_problem(name: str, reason: str) -> Fails:
    return invalid(f"Invalid schema for response_format '{name}': {reason}.", param="response_format")


def strictness_problem(schema: object) -> str | None:
    """Return why OpenAI's strict mode would refuse a schema: every object is closed and all of it required."""
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return next((reason for part in schema if (reason := strictness_problem(part))), None)
    if not isinstance(schema, dict):
        return None
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false"
        if set(schema.get("required", ())) != set(properties or ()):
            return "'required' is required to be supplied and to be an array including every key in properties"
    return next((reason for part in schema.values() if (reason := strictness_problem(part))), None)
