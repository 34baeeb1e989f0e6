"""What a setting is and may be, in words for the operator."""

from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from pydantic import SecretStr

from source.app.settings import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def allowed_values(name: str) -> str:
    """What a setting may be, in words: 'a whole number from 1 to 10'."""
    field = Settings.model_fields[name.lower()]
    types = _plain_types(field.annotation)
    if bool in types:
        return "true or false"
    if choices := [str(choice) for kind in types if get_origin(kind) is Literal for choice in get_args(kind)]:
        return f"one of {', '.join(choices)}"
    if names := [
        str(each.value) for kind in types if isinstance(kind, type) and issubclass(kind, Enum) for each in kind
    ]:
        return f"{'one or several' if Ellipsis in types else 'one'} of {', '.join(names)}"
    if int in types or float in types:
        return _range_in_words(field, whole=int in types)
    if field.examples:
        return f"text such as {' or '.join(map(str, field.examples))}"
    return "text that is not empty"


def shown_value(settings: Settings, name: str) -> str:
    """The value as a screen may show it: keys and passwords are masked."""
    value = getattr(settings, name.lower())
    if isinstance(value, SecretStr):
        return "set, not shown"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return without_password(str(value)) if value is not None else "not set"


def without_password(url: str) -> str:
    """The URL with its password masked; other text comes back as it was."""
    head, at, tail = url.rpartition("@")
    scheme, separator, login = head.partition("://")
    if not (at and separator and ":" in login):
        return url
    return f"{scheme}://{login.partition(':')[0]}:***@{tail}"


def is_secret(name: str) -> bool:
    """Whether no screen, log or file of defaults may hold this setting."""
    return SecretStr in _plain_types(Settings.model_fields[name.lower()].annotation)


def _plain_types(annotation: object) -> list[object]:
    if get_origin(annotation) is Literal:
        return [annotation]
    return [kind for kind in (get_args(annotation) or (annotation,)) if kind is not NoneType]


def _range_in_words(field: "FieldInfo", *, whole: bool) -> str:
    bounds = {key: value for part in field.metadata for key, value in _bounds(part)}
    lowest = f"from {bounds['ge']:,}" if "ge" in bounds else f"above {bounds['gt']:,}"
    return f"a {'whole ' if whole else ''}number {lowest} to {bounds['le']:,}"


def _bounds(metadata: object) -> list[tuple[str, float]]:
    return [(key, getattr(metadata, key)) for key in ("ge", "gt", "le") if hasattr(metadata, key)]
