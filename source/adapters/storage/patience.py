"""Trying again while a database server is away."""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from source.adapters.storage import postgres_errors
from source.adapters.storage.errors import driver_error

_log = structlog.get_logger(__name__)
_PAUSES: Final = (0.0, 0.02, 0.05, 0.1, 0.2)
_LONGEST_PAUSE: Final = 0.4

T = TypeVar("T")


class Patience:
    """Repeats what failed for a reason that passes, until it works or the server has been away for `seconds`.

    Threads share one: what is asked of a server that has been away for longer is tried once.
    """

    def __init__(
        self,
        seconds: float,
        *,
        passes: Callable[[Exception], bool] = postgres_errors.is_passing,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._passes = passes
        self._now = now
        self._pause = pause
        self._lock = threading.Lock()
        self._away_since: float | None = None

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; it is run once or several times, and raises as it did the last time."""
        pauses = iter(_PAUSES)
        while True:
            try:
                result = work()
            except Exception as error:
                if not self._passes(driver_error(error)) or self._is_over(error):
                    raise
                self._pause(next(pauses, _LONGEST_PAUSE))
            else:
                self._back()
                return result

    def _is_over(self, error: Exception) -> bool:
        with self._lock:
            if self._away_since is None:
                self._away_since = self._now()
                _log.info("store.server_away", error=type(driver_error(error)).__name__)
            return self._now() - self._away_since >= self._seconds

    def _back(self) -> None:
        if self._away_since is None:
            return
        with self._lock:
            since, self._away_since = self._away_since, None
        if since is not None:
            _log.info("store.server_back", seconds=round(self._now() - since, 1))
