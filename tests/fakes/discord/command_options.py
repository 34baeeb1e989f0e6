"""The options of a command, filled in as a user's client lets them be filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.fakes.discord.wire import Json

# Discord's documentation, "Application Command Option Type".
_SUBCOMMAND, _GROUP, _STRING, _INTEGER, _BOOLEAN, _NUMBER = 1, 2, 3, 4, 5, 10
_TYPES: dict[int, type | tuple[type, ...]] = {
    _STRING: str,
    _INTEGER: int,
    _BOOLEAN: bool,
    _NUMBER: (int, float),
}


def filled(
    command: Json, path: Sequence[str], values: Mapping[str, object], *, focused: str | None = None
) -> list[Json]:
    """The options to send; what the client would not let a user do fails here."""
    declared: list[Json] = command.get("options") or []
    if path:
        name, *rest = path
        inner = next((one for one in declared if one["name"] == name and one["type"] in (_SUBCOMMAND, _GROUP)), None)
        assert inner is not None, f"{command['name']!r} has no {name!r}"
        return [{"name": name, "type": inner["type"], "options": filled(inner, rest, values, focused=focused)}]
    known = {one["name"]: one for one in declared}
    unknown = sorted(set(values) - set(known))
    assert not unknown, f"{command['name']!r} has no options {unknown}, only {sorted(known)}"
    if focused is None:
        missing = sorted(name for name, one in known.items() if one.get("required") and name not in values)
        assert not missing, f"{command['name']!r} needs {missing}"
    return [_option(known[name], value, is_focused=name == focused) for name, value in values.items()]


def _option(declared: Json, value: object, *, is_focused: bool) -> Json:
    name, kind = declared["name"], declared["type"]
    if is_focused:
        assert declared.get("autocomplete"), f"{name!r} has no autocompletion"
        return {"name": name, "type": kind, "value": value, "focused": True}
    _check_value(declared, value)
    sent = value if kind in _TYPES else str(getattr(value, "id", value))
    return {"name": name, "type": kind, "value": sent}


def _check_value(declared: Json, value: object) -> None:
    name, kind = declared["name"], declared["type"]
    assert kind not in _TYPES or isinstance(value, _TYPES[kind]), f"{name!r} takes no {type(value).__name__}"
    choices = [one["value"] for one in declared.get("choices") or []]
    assert not choices or value in choices, f"{name!r} takes one of {choices}, not {value!r}"
    if isinstance(value, str):
        length = len(value)
        assert declared.get("min_length", 0) <= length <= declared.get("max_length", 6000), f"length of {name!r}"
    elif isinstance(value, int | float):
        low, high = declared.get("min_value", value), declared.get("max_value", value)
        assert low <= value <= high, f"{name!r} is between {low} and {high}"
