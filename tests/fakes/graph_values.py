"""Checks of single values in a request, with the words in which Graph complains."""

from collections.abc import Iterable

from tests.fakes.graph_errors import Json, refused_parameter, unexpected_key


def check_keys(value: object, allowed: Iterable[str], parameter: str) -> Json:
    """The object, if it has no other keys."""
    if not isinstance(value, dict):
        raise refused_parameter(f"Param {parameter} must be a JSON object.")
    for key in value:
        if key not in allowed:
            raise unexpected_key(key, parameter)
    return value


def check_string(value: object, parameter: str, most: int, *, least: int = 1) -> str:
    if not isinstance(value, str):
        raise refused_parameter(f"Param {parameter} must be a string.")
    if len(value) > most:
        raise refused_parameter(f"Param {parameter} must be at most {most} characters long.")
    if len(value) < least:
        raise refused_parameter(f"Param {parameter} must be at least {least} characters long.")
    return value
