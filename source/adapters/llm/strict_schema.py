"""JSON schemas as OpenAI's strict mode wants them."""

from collections.abc import Mapping

# OpenAI, structured outputs: every object is closed and requires all its properties; defaults are refused.
_DROPPED = frozenset({"default", "title"})


def strict_schema(schema: Mapping[str, object]) -> dict[str, object] | None:
    """Return the schema with all objects closed and all properties required; None when it has open objects."""
    try:
        return _closed(schema)
    except _OpenObjectError:
        return None


class _OpenObjectError(Exception):
    """An object takes keys that the schema does not name."""


def _closed(schema: Mapping[str, object]) -> dict[str, object]:
    strict = {key: _part(key, value) for key, value in schema.items() if key not in _DROPPED}
    properties = strict.get("properties")
    if strict.get("type") != "object" and properties is None:
        return strict
    if schema.get("additionalProperties") not in (None, False) or not isinstance(properties, dict):
        raise _OpenObjectError
    return strict | {"additionalProperties": False, "required": list(properties)}


def _part(key: str, value: object) -> object:
    """One keyword's value; below `properties` and `$defs` the keys are names, not keywords."""
    if key in {"properties", "$defs"} and isinstance(value, Mapping):
        return {name: _closed(part) for name, part in value.items()}
    if isinstance(value, Mapping):
        return _closed(value)
    if isinstance(value, list):
        return [_closed(part) if isinstance(part, Mapping) else part for part in value]
    return value
