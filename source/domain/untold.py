"""Takes what was forgotten out of summaries."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from source.domain.carried import begun_with, known_in, summary_in
from source.domain.fact_words import telling_words, tells_of
from source.domain.summary_text import sentences

_POINT: Final = re.compile(r"(?P<opening>- [^():“”]+?(?: \(\d{4}-\d\d-\d\d\))?: )(?P<text>.+)")
# A line of several topics.
_TOPICS: Final = "- Topics"
_HEADING: Final = ":"


def untold(text: str, told: Collection[str], names: Collection[str]) -> str:
    """Return a summary, or a carried text, without the points and sentences that tell one of these things.

    `names` are those of whom it is told. What is told in quite other words stays.
    """
    known = _lines(known_in(text), told, names)
    return begun_with(["\n".join(known)], "\n".join(_lines(summary_in(text).splitlines(), told, names)))


def _lines(lines: Iterable[str], told: Collection[str], names: Collection[str]) -> list[str]:
    left = [kept for line in lines if (kept := _line(line, told, names)) or not line]
    return left if any(line and not line.endswith(_HEADING) for line in left) else []


def _line(line: str, told: Collection[str], names: Collection[str]) -> str:
    point = _POINT.fullmatch(line.rstrip())
    if point is None:
        if line.endswith(_HEADING):
            return line
        return " ".join(each for each in sentences(line) if not _tells(each, told, names))
    if line.startswith(_TOPICS):
        topics = [each for each in point["text"].split(", ") if not _is_of(each, told)]
        return point["opening"] + ", ".join(topics) if topics else ""
    return "" if _tells(point["text"], told, names) else line


def _tells(text: str, told: Collection[str], names: Collection[str]) -> bool:
    return any(tells_of(text, each, names) for each in told)


def _is_of(topic: str, told: Collection[str]) -> bool:
    """Whether a topic has only words of something that is told."""
    return any(set(telling_words(each)).issuperset(telling_words(topic)) for each in told)
