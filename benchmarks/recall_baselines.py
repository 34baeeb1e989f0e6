"""What recall is compared with: the last messages, and SQLite's full text as it comes."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from benchmarks.recall_dialogues import History
from source.domain.recall.terms import telling, words_of

_MOST = 300


class PlainIndex:
    """Turns in a table of FTS5 of their own."""

    def __init__(self, history: History) -> None:
        self._turns = history.turns
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute("CREATE VIRTUAL TABLE said USING fts5(content, tokenize = 'porter unicode61')")
        rows = [(at, turn.text) for at, turn in enumerate(history.turns)]
        self._connection.executemany("INSERT INTO said (rowid, content) VALUES (?, ?)", rows)

    @property
    def ways(self) -> Mapping[str, Callable[[str], Sequence[tuple[int, int]]]]:
        return {
            "last messages": self._last,
            "plain FTS5": lambda question: self._matching(re.findall(r"\w+", question.lower())),
            "FTS5 without stop words": lambda question: self._matching(telling(words_of(question))),
        }

    def _last(self, _question: str) -> Sequence[tuple[int, int]]:
        return [turn.key for turn in reversed(self._turns[-_MOST:])]

    def _matching(self, words: Sequence[str]) -> Sequence[tuple[int, int]]:
        asked = " OR ".join(f'"{word}"' for word in words)
        if not asked:
            return []
        rows = self._connection.execute(
            "SELECT rowid FROM said WHERE said MATCH ? ORDER BY rank LIMIT ?", (asked, _MOST)
        )
        return [self._turns[at].key for (at,) in rows]
