"""Which of the things known of a person are worth telling first."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from source.domain.fact import Fact, KnownFact
from source.domain.fact_words import BEGINNING, is_form, telling_words
from source.domain.memory import MemoryPart
from source.domain.summary_text import size_of, words

_LABELS: Final[Mapping[MemoryPart, str]] = {
    MemoryPart.OPEN_ISSUES: "Open",
    MemoryPart.PREFERENCES: "Preference",
    MemoryPart.FACTS: "Fact",
    MemoryPart.PEOPLE: "Person",
    MemoryPart.TOPICS: "Topics",
}
_WORTH: Final[Mapping[MemoryPart, float]] = {
    MemoryPart.OPEN_ISSUES: 3.0,
    MemoryPart.PREFERENCES: 2.5,
    MemoryPart.FACTS: 2.0,
    MemoryPart.PEOPLE: 1.5,
    MemoryPart.TOPICS: 0.5,
}
# After so long something is worth half: what was to be done passes sooner than what somebody is like.
_HALF_LIFE: Final = timedelta(days=365)
_PASSING: Final[Mapping[MemoryPart, timedelta]] = {
    MemoryPart.OPEN_ISSUES: timedelta(days=60),
    MemoryPart.TOPICS: timedelta(days=45),
}
_NAME: Final = "name"
_FOR_A_NAME: Final = 4.0
_FOR_A_SLOT: Final = 1.3
_FOR_CONFIRMATION: Final = 0.3
# What bears on the matter at hand comes before what does not, however worthy.
_FOR_BEARING: Final = 10.0
_MOST_TOPICS: Final = 8


def bearing(facts: Sequence[Fact], text: str) -> dict[int, float]:
    """Return by id how much each fact bears on a text, those that do: rare words that both have weigh most."""
    wanted = Counter(telling_words(text))
    if not wanted:
        return {}
    places, by_beginning = _places(facts)
    found: Counter[int] = Counter()
    scores: defaultdict[int, float] = defaultdict(float)
    for word in wanted:
        having = {fact_id for each in by_beginning[word[:BEGINNING]] if is_form(word, each) for fact_id in places[each]}
        weight = math.log(1 + len(facts) / len(having)) if having else 0.0
        for fact_id in having:
            scores[fact_id] += weight
        found.update(having)
    return {fact_id: score * found[fact_id] / (found[fact_id] + 0.5) for fact_id, score in scores.items()}


def ranked(known: Iterable[KnownFact], text: str, now: datetime) -> list[KnownFact]:
    """Return what is known now, the most useful first for whoever begins with that text."""
    current = [each for each in known if each.is_current]
    bears = bearing([each.fact for each in current], text)
    most = max(bears.values(), default=1.0)

    def worth(each: KnownFact) -> float:
        return _worth(each, now) * (1 + _FOR_BEARING * bears.get(each.fact.fact_id, 0.0) / most)

    return sorted(current, key=worth, reverse=True)


def lines_within(ranked_facts: Iterable[KnownFact], budget_bytes: int) -> list[str]:
    """Return the lines that fit, the first before later ones; topics are one line."""
    lines: list[str] = []
    topics: list[KnownFact] = []
    left = budget_bytes
    for each in ranked_facts:
        if each.fact.part is MemoryPart.TOPICS:
            topics.append(each)
            continue
        line = line_of(each.fact)
        if size_of(line) < left:
            lines.append(line)
            left -= size_of(line) + 1
    told = {word for line in lines for word in words(line)}
    line = _topics_within([each for each in topics if not told.issuperset(words(each.fact.text))], left)
    return [*lines, line] if line else lines


def line_of(fact: Fact) -> str:
    """Return the line by which a new conversation is told of it."""
    return f"- {label_of(fact)} ({fact.said_at:%Y-%m-%d}): {fact.text}"


def label_of(fact: Fact) -> str:
    """Return what kind of thing it is, in one word."""
    return _LABELS[fact.part]


def _topics_within(topics: Sequence[KnownFact], budget_bytes: int) -> str:
    for most in range(min(_MOST_TOPICS, len(topics)), 0, -1):
        newest = max(each.fact.said_at for each in topics[:most])
        line = f"- Topics ({newest:%Y-%m-%d}): {', '.join(each.fact.text for each in topics[:most])}"
        if size_of(line) < budget_bytes:
            return line
    return ""


def _worth(known: KnownFact, now: datetime) -> float:
    fact = known.fact
    age = max(now - fact.said_at, timedelta(0)) / _PASSING.get(fact.part, _HALF_LIFE)
    subjects = {slot.subject for slot in fact.found.slots}
    slot = _FOR_A_NAME if _NAME in subjects else _FOR_A_SLOT if subjects else 1.0
    confirmed = 1 + _FOR_CONFIRMATION * math.log2(1 + len(known.confirmed_by))
    return _WORTH[fact.part] * slot * math.pow(0.5, age) * confirmed


def _places(facts: Sequence[Fact]) -> tuple[Mapping[str, set[int]], Mapping[str, list[str]]]:
    """Return which facts have a word, and which words have a beginning."""
    places: defaultdict[str, set[int]] = defaultdict(set)
    for fact in facts:
        for word in (*fact.found.form.split(), *words(fact.found.name or "")):
            places[word].add(fact.fact_id)
    by_beginning: defaultdict[str, list[str]] = defaultdict(list)
    for word in places:
        by_beginning[word[:BEGINNING]].append(word)
    return places, by_beginning
