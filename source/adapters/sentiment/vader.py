"""The mood of English texts by VADER's lexicon and rules, where the package is installed."""

import threading
from collections.abc import Mapping
from typing import Final, Protocol

import structlog

from source.domain.metadata import Sentiment
from source.domain.mood_words import READ_CHARS
from source.domain.summary_text import clipped

log = structlog.get_logger(__name__)

# VADER's documentation: its own limits for texts of one mood.
_CLEAR: Final = 0.05
# By trial on mixed sentences: both moods take so much of the text, and neither outweighs the other.
_SHARE_OF_EACH: Final = 0.12
_BALANCED: Final = 0.65
# Who asks politely is not glad yet.
_NO_MOODS: Final = ("please", "help", "ok", "okay")


class _Analyzer(Protocol):
    lexicon: dict[str, float]

    def polarity_scores(self, text: str) -> Mapping[str, float]: ...


class VaderMood:
    """Implements MoodGauge; its lexicon is read when the first text is asked for, on whichever thread asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._analyzer: _Analyzer | None = None
        self._is_missing = False

    def mood(self, text: str) -> Sentiment | None:
        """Return the mood; None where the package is not installed."""
        analyzer = self._loaded()
        if analyzer is None:
            return None
        scores = analyzer.polarity_scores(clipped(text, READ_CHARS))
        is_both = scores["pos"] >= _SHARE_OF_EACH and scores["neg"] >= _SHARE_OF_EACH
        if is_both and abs(scores["compound"]) < _BALANCED:
            return Sentiment.MIXED
        if abs(scores["compound"]) < _CLEAR:
            return Sentiment.NEUTRAL
        return Sentiment.POSITIVE if scores["compound"] > 0 else Sentiment.NEGATIVE

    def _loaded(self) -> _Analyzer | None:
        with self._lock:
            if self._analyzer is None and not self._is_missing:
                try:
                    from vaderSentiment import vaderSentiment  # type: ignore[import-untyped]  # it has no types
                except ImportError:
                    self._is_missing = True
                    log.info("vader_not_installed", effect="moods of English texts are told by a short list of words")
                else:
                    self._analyzer = _without_courtesies(vaderSentiment.SentimentIntensityAnalyzer())
            return self._analyzer


def _without_courtesies(analyzer: _Analyzer) -> _Analyzer:
    for word in _NO_MOODS:
        analyzer.lexicon.pop(word, None)
    return analyzer
