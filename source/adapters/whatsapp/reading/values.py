"""JSON of which nothing can be relied on, read without an exception."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_DIGEST_CHARS: Final = 32
_LATEST: Final = timedelta(days=1)

Json = Mapping[str, Any]


def key_of(wamid: str) -> str:
    """Return what stands for a message's id in the store: the id itself holds the other side's number."""
    return hashlib.sha256(wamid.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARS]


def objects_in(value: object) -> Sequence[Json]:
    """Return the objects of a list; none of what is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def object_in(value: object) -> Json:
    """Return an object; an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def string_in(value: object) -> str:
    """Return a string; an empty one for what is none."""
    return value if isinstance(value, str) else ""


def kind_in(name: object) -> str:
    """Return the name of a kind or field as far as it may stand in a log."""
    return name if isinstance(name, str) and name.isidentifier() and len(name) <= _DIGEST_CHARS else "unknown"


def moment_in(value: object, now: datetime) -> datetime:
    """Return when it was sent, by a clock that may be wrong: never long after now."""
    try:
        moment = datetime.fromtimestamp(int(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(moment, now + _LATEST)
