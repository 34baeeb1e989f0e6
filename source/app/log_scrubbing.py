"""Personal data out of log lines, whatever field or traceback it stands in."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from structlog.typing import EventDict, Processor, WrappedLogger

from source.app.settings import Settings

Scrub = Callable[[str], str]

# What stands in every line and is ours.
_OURS: Final = frozenset({"timestamp", "level", "logger"})
_SECRET_FIELD: Final = re.compile(r"(?i)(?:^|_)(?:password|passphrase|secret|token|api_?key|authorization|cookie)$")
_HIDDEN: Final = "***"


def scrub_of(settings: Settings) -> Scrub | None:
    """Return what takes personal data out of a text; None: the operator wants to see it."""
    if not settings.pii_scrub_logs:
        return None

    def scrub(text: str) -> str:
        # Made for the first line that is written: most commands end without one.
        from source.app.personal_data import finder_for

        return finder_for(settings.pii_country).removed(text)

    return scrub


def scrubbing(scrub: Scrub) -> Processor:
    """Return the step that follows the one that has made text of exceptions."""

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {name: value if name in _OURS else _scrubbed(name, value, scrub) for name, value in event.items()}

    return process


def _scrubbed(name: str, value: object, scrub: Scrub) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return _HIDDEN if value and _SECRET_FIELD.search(name) else scrub(value)
        case Mapping():
            return {scrub(str(key)): _scrubbed(str(key), inner, scrub) for key, inner in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [_scrubbed(name, inner, scrub) for inner in value]
        case _:
            # What it becomes in the line is its repr; one that tells nothing of anybody may keep its form.
            written = repr(value)
            return value if (scrubbed := scrub(written)) == written else scrubbed
