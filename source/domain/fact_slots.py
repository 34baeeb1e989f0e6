"""What a sentence tells of which subject: two of one subject with different values cannot both hold."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

from source.domain.fact import Slot
from source.domain.fact_slot_patterns import (
    CONTACT,
    CONTACT_WORDS,
    FAVOURITE,
    FAVOURITE_TRIGGERS,
    FAVOURITE_WORDS,
    MANY,
    NAME_OF,
    ONE_AT_A_TIME,
    PARTNER_WORDS,
    PARTNERS,
    Wording,
    compiled,
)
from source.domain.fact_subjects import Telling, known_as
from source.domain.fact_triggers import Triggered
from source.domain.fact_words import unquoted
from source.domain.stop_words import STOP_WORDS
from source.domain.summary_text import is_question

_MOST_CHARS: Final = 500
_MOST_VALUE_WORDS: Final = 6
_MOST_OBJECT_WORDS: Final = 3
# What is wished for, supposed, past or somebody else's words is not how things are.
_NOT_SO: Final = re.compile(
    r"""(?ix)
    \b(?: if | would | might | maybe | perhaps | could | wish | hope | want | wants | planning | imagine | pretend
      | used\s+to | almost | nearly | years?\s+ago | months?\s+ago | as\s+a\s+(?:child|kid|student)
      | when\s+(?:i|we|he|she|they)\s+(?:was|were)
      | wenn | falls | vielleicht | würde | früher | quizás | ojalá | antes | peut-être | avant | talvez | forse | prima
      | misschien | vroeger | если | раньше | может
    )\b | \b(?:in|since|until|till|seit|bis|en|em|nel)\s+(?:19|20)\d\d\b | "
    """
)
_REPORTED: Final = re.compile(r"(?i)^.{0,60}?\b(?:said|says|mentioned|told\s+\w+|noted|sagt|dice|dit)\s+(?:that\s+)?")
_GOES_ON: Final = re.compile(
    r"""(?ix)
    \s+(?: please | bitte | at | in | for | bei | and | but | because | since | with | where | when | who | which | so
      | after | near | und | aber | weil | seit | mit | wo | y | pero | porque | con | desde | et | mais | parce | avec
      | depuis | e | mas | ma | ou | perché | en | maar | omdat | sinds | и | но | потому | с | now | currently
      | anymore | any\s+more | again | instead | today | these\s+days | last\s+\w+ | this\s+\w+ | recently | as\s+an?
      | jetzt | nun | mehr | gezogen | umgezogen | ahora | maintenant | agora | adesso | nu | теперь | сейчас
      | very\s+much | by\s+now | a\s+lot | the\s+most | best
      )\b.* | \.(?:\s.*)?$ | に.* | 工作.* | が.* | 了$
    """
)
_ARTICLE: Final = re.compile(
    r"(?i)^(?:the|an?|my|some|der|die|das|den|dem|ein|eine|einen|el|la|los|las|un|una|le|les|l['’]|o|os|as|um|uma|il|lo|de|het|een)\s+"
)
_SIGN: Final = re.compile(r"[^\w+@.-]+")
# By who or what a sentence tells something of: the slots that are found in it.
_Finder = Callable[[str, Telling], Iterator[Slot]]


def slots_of(text: str, names: Collection[str]) -> tuple[Slot, ...]:
    """Return what a fact's text tells by rule; `names` are those of whose fact it is."""
    said = unquoted(text)
    is_quoted = said != text
    return _slots(said, Telling.by_oneself(others=True) if is_quoted else Telling.of_somebody(names))


def own_slots(text: str) -> tuple[Slot, ...]:
    """Return what somebody tells of themself in their own words."""
    return _slots(text, Telling.by_oneself(others=False))


def agree(one: str, other: str) -> bool:
    """Whether two values may be the same, one of them told more fully."""
    first, second = set(one.split()), set(other.split())
    return first <= second or second <= first


def _slots(text: str, telling: Telling) -> tuple[Slot, ...]:
    said = text[:_MOST_CHARS].strip()
    finders = _FINDERS.among(said)
    if not finders or is_question(said) or _NOT_SO.search(said):
        return ()
    if telling.is_a_note:
        said = _REPORTED.sub("", said)
    return tuple({(slot.subject, slot.value): slot for find in finders for slot in find(said, telling)}.values())


def _told(wording: Wording) -> _Finder:
    """Return what finds what is told in these words."""
    patterns = wording.patterns()
    slot = _one_of_many if wording in MANY else _slot

    def find(said: str, telling: Telling) -> Iterator[Slot]:
        for pattern in patterns:
            for found in compiled(pattern).finditer(said):
                about = telling.subject(found.groupdict().get("who"))
                yield from slot(about, wording.attribute, found["value"], holds=wording.holds)

    return find


def _favourites(said: str, telling: Telling) -> Iterator[Slot]:
    for pattern in FAVOURITE:
        for found in compiled(pattern).finditer(said):
            what = known_as(FAVOURITE_WORDS, found["what"])
            yield from _slot(telling.owner(found["whose"]), f"favourite {what}", found["value"])


def _contact(attribute: str) -> _Finder:
    def find(said: str, telling: Telling) -> Iterator[Slot]:
        for found in compiled(CONTACT[attribute]).finditer(said):
            kind = f"{found['kind'].casefold()} " if found["kind"] else ""
            value = _digits(found["value"]) if attribute == "phone" else found["value"]
            yield from _slot(telling.owner(found["whose"]), kind + attribute, value)

    return find


def _partners(said: str, telling: Telling) -> Iterator[Slot]:
    for found in compiled(NAME_OF).finditer(said):
        who = known_as(PARTNER_WORDS, found["what"])
        yield from _slot(telling.owner(found["whose"]), f"{who} name", found["value"])


def _slot(about: str | None, attribute: str, value: str, *, holds: bool = True) -> Iterator[Slot]:
    kept = _plain(value)
    if about is not None and kept and len(kept.split()) <= _MOST_VALUE_WORDS:
        yield Slot(f"{about} {attribute}".strip(), kept, holds)


def _one_of_many(about: str | None, attribute: str, value: str, *, holds: bool) -> Iterator[Slot]:
    kept = _plain(value)
    if (
        about is not None
        and kept
        and len(kept.split()) <= _MOST_OBJECT_WORDS
        and not STOP_WORDS.issuperset(kept.split())
    ):
        yield Slot(f"{about} {attribute} {kept}".strip(), "", holds)


def _plain(value: str) -> str:
    """Return a value as it is compared: without articles, signs, and what only tells since when or why."""
    said = _GOES_ON.sub("", f"{value.strip()} ".rstrip())
    said = _ARTICLE.sub("", said.strip())
    return " ".join(word.strip(".-") for word in _SIGN.sub(" ", said.casefold()).split() if word.strip(".-"))


def _digits(value: str) -> str:
    """Return the digits of a number, however it is grouped; none: it is not one."""
    found = re.match(r"[\d\s+()/.-]{5,}", value.strip())
    return re.sub(r"\D+", "", found[0]) if found else ""


_FINDERS: Final = Triggered[_Finder](
    [
        *((_told(wording), (wording.own, wording.others)) for wording in (*ONE_AT_A_TIME, *MANY)),
        (_favourites, FAVOURITE_TRIGGERS),
        *((_contact(attribute), (words,)) for attribute, words in CONTACT_WORDS.items()),
        (_partners, (PARTNERS,)),
    ]
)
