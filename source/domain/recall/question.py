"""What a question asks for: words, phrases, who said it, when."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from source.domain.recall.dates import Span, spans_of
from source.domain.recall.terms import SAY_NOTHING, folded, stem, telling, words_of
from source.domain.stop_words import FIRST_PERSON

# As a speaker: Echo itself, which has no id on any platform.
ECHO: Final = ""
# Whoever pastes pages asks nothing that their beginning does not tell.
_MOST_CHARACTERS: Final = 2_000
_MOST_TERMS: Final = 32
_MOST_PHRASES: Final = 8
_PHRASE: Final = re.compile(r"[\"“„«]([^\"“”„«»]{2,200})[\"”»]")
_CAPITAL: Final = re.compile(r"\b[^\W\d_a-z][^\W_]+")
# A word that does not begin a sentence or what is quoted.
_INSIDE: Final = re.compile(r"(?<=[^\s.!?…:\"“„«])[^\S\n]+[(@]?([^\W\d_]+)")
_TO_ECHO: Final = frozenset({"you", "your", "yours", "du", "dein", "tu", "tuo", "tua", "te", "vous", "echo"})
# Who is called so is not meant by everybody who says it.
COMMON: Final = SAY_NOTHING | FIRST_PERSON | _TO_ECHO
_ASKING_WHEN: Final = (
    "when ",
    "how long",
    "wann ",
    "quand ",
    "cuando ",
    "quando ",
    "what day",
    "what date",
    "which year",
)
# What is left of an apostrophe and an s.
_WHOSE: Final = "s"
# Who is named with one of these between is asked for together.
_TOGETHER: Final = frozenset({"and", "or", "both", "und", "oder", "et", "ou", "y", "e", "o"})
_SAYING: Final = frozenset(
    """
    say says said tell tells told talk talks talked mention mentioned speak spoke write wrote written
    sagt sagte gesagt erzahlt schreibt geschrieben dit ecrit dice dijo dicho detto disse
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Question:
    """`terms` are stems, the telling ones; `speakers` are ids of people, or ECHO, whose words are asked for.

    `besides` are others who are named: of whom it is asked what those said or did with them.
    `phrases` were quoted, as words with spaces between; `is_quotation`: nothing else is asked.
    """

    terms: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    speakers: frozenset[str] = frozenset()
    besides: frozenset[str] = frozenset()
    spans: tuple[Span, ...] = ()
    asks_when: bool = False
    is_quotation: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms or self.phrases or self.speakers or self.spans)


def phrases_of(text: str) -> tuple[str, ...]:
    """Return what is quoted in a question, as words with spaces between."""
    found = (" ".join(words_of(phrase)) for phrase in _PHRASE.findall(text[:_MOST_CHARACTERS]))
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))[:_MOST_PHRASES]


def is_quotation(text: str) -> bool:
    """Whether a question is something quoted and nothing else."""
    return bool(phrases_of(text)) and not words_of(_PHRASE.sub(" ", text[:_MOST_CHARACTERS]))


def read_question(
    text: str, *, people: Mapping[str, str], askers: frozenset[str], today: date, years: Iterable[int] = ()
) -> Question:
    """Read a question; `people` maps the ids of those who may be named to their names, `askers` are those who ask."""
    text = text[:_MOST_CHARACTERS]
    words = words_of(text)
    of_self = bool(askers) and not FIRST_PERSON.isdisjoint(words)
    named, maybe = _named(people, words, capitals_inside(text), of_self=of_self)
    spoken_of = {*named, *maybe}
    speakers = _subjects(spoken_of, people, words)
    if of_self and not named:
        speakers |= askers
    elif askers and not speakers and not _TO_ECHO.isdisjoint(words):
        speakers = {ECHO}
    # Somebody may be called as a thing is: the name of a person is told by its capital.
    capital = {folded(word) for word in _CAPITAL.findall(text)}
    spoken = frozenset[str]().union(*named.values(), *maybe.values()) & capital
    spans = spans_of(text, today=today, years=years)
    told = [word for word in telling(words) if word not in spoken]
    if speakers and _SAYING.issuperset(told):  # "what did Ana say?": all of theirs is meant
        told = []
    terms = dict.fromkeys(stem(word) for word in (told if told or speakers or spans else words))
    if spans:  # which say it already
        terms = {term: None for term in terms if not term.isdigit()}
    plain = folded(text).strip()
    return Question(
        terms=tuple(terms)[:_MOST_TERMS],
        phrases=phrases_of(text),
        speakers=frozenset(speakers),
        besides=frozenset(spoken_of - speakers),
        spans=spans,
        asks_when=plain.startswith(_ASKING_WHEN),
        is_quotation=is_quotation(text),
    )


def _named(
    people: Mapping[str, str], words: Sequence[str], capitals: frozenset[str], *, of_self: bool
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return who is named, and who may be, with the words that do it: the first of a name, or all of it.

    A name that begins with a common word needs its capital (`capitals` are words that have one where no sentence
    begins), or all of its words where nobody speaks of themselves (`of_self`).
    """
    said, together = set(words), _joined(words)
    sure: dict[str, set[str]] = {}
    maybe: dict[str, set[str]] = {}
    for key, name in people.items():
        called = words_of(name)
        first = next((part for part in called if len(part) > 1), None)
        if first is None or first not in said:
            continue
        is_full = len(called) > 1 and _joined(called) in together
        if first not in COMMON or (is_full and not capitals.isdisjoint(called)):
            sure[key] = said.intersection(called)
        elif first in capitals or (is_full and not of_self):
            maybe[key] = said.intersection(called)
    return sure, maybe


def _subjects(named: Collection[str], people: Mapping[str, str], words: Sequence[str]) -> set[str]:
    """Return of whom it is asked: who is named first and not as whose something is, or all who are named together."""
    at: dict[str, tuple[bool, int]] = {}
    for key in named:
        called = words_of(people[key])
        place = next(place for place, word in enumerate(words) if word in called and len(word) > 1)
        after = next((word for word in words[place:] if word not in called), "")
        at[key] = (after == _WHOSE, place)
    places = [place for _, place in at.values()]
    if len(set(places)) < 2 or not _TOGETHER.isdisjoint(words[min(places) : max(places)]):
        return set(named)
    return {key for key, asked in at.items() if asked == min(at.values())}


def _joined(words: Sequence[str]) -> str:
    return f" {' '.join(words)} "


def capitals_inside(text: str) -> frozenset[str]:
    """Return the words that have a capital where no sentence begins, unless all do."""
    inside: list[str] = _INSIDE.findall(text)
    if not any(word.islower() for word in inside):
        return frozenset()
    return frozenset(folded(word) for word in inside if word.istitle())
