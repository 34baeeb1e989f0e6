"""JSON as language models write it: found in their talk, compared with the shape that was asked for."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_OBJECTS_TRIED = 20
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def objects_in(text: str) -> Iterator[dict[str, object]]:
    """Yield the JSON objects of a text, the first ones first; code fences and talk around them do not matter."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_OBJECTS_TRIED):
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = text.find("{", end)


def misshapen(found: Mapping[str, object], schema: Mapping[str, object]) -> str | None:
    """Return what keeps an object from being of the schema's shape, in words for a model; None when nothing does.

    Only its own keys are looked at, not what is inside: one bad item is no reason to throw all away.
    """
    properties = schema.get("properties")
    required = schema.get("required")
    parts: Mapping[str, object] = properties if isinstance(properties, Mapping) else {}
    for name in required if isinstance(required, list) else parts:
        if name not in found:
            return f"`{name}` is missing"
    for name, part in parts.items():
        wanted = _kinds(part)
        if name in found and wanted and not any(_is_kind(found[name], kind) for kind in wanted):
            return f"`{name}` must be of type {' or '.join(wanted)}"
    return None


def compact_schema(schema: Mapping[str, Any]) -> dict[str, object]:
    """Return pydantic's JSON schema as strict servers take it: all required, nothing else, no titles and defaults.

    What is described once and referred to stays so: written out at each place it would cost every call tokens.
    """
    definitions = {name: _closed(definition) for name, definition in schema.get("$defs", {}).items()}
    return _closed(schema) | ({"$defs": definitions} if definitions else {})


def _kinds(part: object) -> list[str]:
    """Return the JSON types that a property may have; none when the schema does not say."""
    if not isinstance(part, Mapping):
        return []
    alternatives = part.get("anyOf")
    if isinstance(alternatives, list):
        named = [_kinds(each) for each in alternatives]
        return [kind for kinds in named for kind in kinds] if all(named) else []
    kind = part.get("type")
    named_here = kind if isinstance(kind, list) else [kind]
    return [each for each in named_here if isinstance(each, str) and each in _KINDS]


def _is_kind(value: object, kind: str) -> bool:
    # In Python a boolean is an integer, in JSON it is not.
    return isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _closed(definition: Mapping[str, Any]) -> dict[str, object]:
    """Return one definition; a list of choices has no properties."""
    if "properties" not in definition:
        return _plain(definition)
    properties = {name: _plain(part) for name, part in definition["properties"].items()}
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _plain(part: Mapping[str, Any]) -> dict[str, object]:
    kept: dict[str, object] = {key: part[key] for key in ("type", "$ref", "enum") if key in part}
    if "items" in part:
        kept["items"] = _plain(part["items"])
    if "anyOf" in part:
        kept["anyOf"] = [_plain(each) for each in part["anyOf"]]
    return kept
