"""The language of a text, by py3langid where that is installed."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

log = structlog.get_logger(__name__)

# Shorter texts are taken for any language, and a guess among many is none.
_LEAST_CHARS: Final = 12
_LEAST_CERTAINTY: Final = 0.5
_RELEASED_AFTER: Final = timedelta(minutes=2)

_Classify = Callable[[str], tuple[str, float]]


class LanguageDetector:
    """Loads its model (most of a second, 80 MB) when it is first asked, and gives it back when nobody asks any more."""

    def __init__(self, *, released_after: timedelta = _RELEASED_AFTER) -> None:
        self._released_after = released_after
        self._classify: _Classify | None = None
        self._is_missing = False
        self._loading = threading.Lock()
        self._release: asyncio.TimerHandle | None = None

    @property
    def is_loaded(self) -> bool:
        return self._classify is not None

    async def detect(self, text: str) -> str | None:
        """Return the ISO 639-1 code of the language; None when it is not clear, or py3langid is not installed."""
        if len(text.strip()) < _LEAST_CHARS or self._is_missing:
            return None
        try:
            return await asyncio.to_thread(self._detected, text)
        finally:
            self._release_later()

    def _detected(self, text: str) -> str | None:
        with self._loading:
            classify = self._classify = self._classify or self._loaded()
        if classify is None:
            return None
        language, certainty = classify(text)
        return str(language) if certainty >= _LEAST_CERTAINTY else None

    def _loaded(self) -> _Classify | None:
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # has none
        except ImportError:
            self._is_missing = True
            log.info("language_not_told", install="pip install py3langid")
            return None
        classify: _Classify = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True).classify
        return classify

    def _release_later(self) -> None:
        if self._release is not None:
            self._release.cancel()
        loop = asyncio.get_running_loop()
        self._release = loop.call_later(self._released_after.total_seconds(), self._forget)

    def _forget(self) -> None:
        self._classify = None
