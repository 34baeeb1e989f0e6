"""Analyses without a model: rules and word lists, which say what they are by their source."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from source.domain.memory import MemorySource
from source.domain.metadata import Analysis, Aspects, Sentiment
from source.domain.metadata_rules import category_by_words, tags_by_words
from source.domain.mood_words import language_of, mood_by_words

# Without a small word of its own a text may still be English: "Awesome, perfect!"
_SHORT_WORDS = 6


class MoodGauge(Protocol):
    """Tells the mood of English texts better than a short list of words."""

    def mood(self, text: str) -> Sentiment | None:
        """Return the mood; None when it cannot be told here. May take a millisecond."""
        ...


class OfflineAnalyst:
    """Tells mood, category and tags by rule; of a language that it does not know, None."""

    def __init__(self, english: MoodGauge | None = None) -> None:
        self._english = english

    async def analyses(self, texts: Sequence[str], aspects: Aspects) -> list[Analysis]:
        """Return an analysis of each text; the event loop goes on meanwhile."""
        return await asyncio.to_thread(lambda: [self.analysis(text, aspects) for text in texts])

    def analysis(self, text: str, aspects: Aspects) -> Analysis:
        """Return what the words of one text show."""
        return Analysis(
            sentiment=self._sentiment(text) if aspects.sentiment else None,
            category=category_by_words(text) if aspects.category else None,
            tags=tags_by_words(text) if aspects.tags else None,
            source=MemorySource.OFFLINE,
        )

    def _sentiment(self, text: str) -> Sentiment | None:
        language = language_of(text)
        may_be_english = language is None and text.isascii() and len(text.split()) <= _SHORT_WORDS
        if self._english is not None and (language == "en" or may_be_english):
            found = self._english.mood(text)
            # Of what may be another language, silence says nothing.
            if found is not None and not (may_be_english and found is Sentiment.NEUTRAL):
                return found
        return mood_by_words(text, language)
