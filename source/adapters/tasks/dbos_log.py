"""What dbos has to say, as far as an operator needs it."""

import logging
import time
from typing import Final

_REPEATED_AFTER_SECONDS: Final = 60.0


class Sober(logging.Filter):
    """Lets the same warning through once a minute, and never that work was left for later: that is meant."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.WARNING and "Asyncio task cancelled" in str(record.msg):
            return False
        now, place = time.monotonic(), (record.pathname, record.lineno)
        if now - self._said.get(place, -_REPEATED_AFTER_SECONDS) < _REPEATED_AFTER_SECONDS:
            return False
        self._said[place] = now
        return True


def hush() -> None:
    """Send warnings to the root logger, and nothing else: dbos would print advertisements on a handler of its own."""
    logger = logging.getLogger("dbos")
    for old in [each for each in logger.filters if isinstance(each, Sober)]:
        logger.removeFilter(old)
    logger.addFilter(Sober())
    if not logger.handlers:  # with one, it adds none
        logger.addHandler(logging.NullHandler())
    logger.propagate = True
