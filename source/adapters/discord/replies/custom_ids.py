"""What a button's click says: enough to act on it after any restart."""

import re
from enum import StrEnum
from typing import Final

# A key of the store has up to 16 digits; longer ones are not Echo's.
_PATTERN: Final = re.compile(r"echo:(stop|retry|good|bad):([0-9]{1,18})")


class Control(StrEnum):
    """What a button under a reply does."""

    STOP = "stop"
    RETRY = "retry"
    GOOD = "good"
    BAD = "bad"


def custom_id(control: Control, key: int) -> str:
    """Name the button that does `control` to the reply to the event `key`."""
    return f"echo:{control.value}:{key}"


def parse(name: str) -> tuple[Control, int] | None:
    """Return what a click asks for, and of which reply; None when the button is not one of these."""
    found = _PATTERN.fullmatch(name)
    return (Control(found[1]), int(found[2])) if found else None
