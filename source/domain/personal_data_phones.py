"""Phone numbers among all the numbers that people write."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import partial
from itertools import accumulate
from typing import Protocol

from source.domain.personal_data_phone_words import NOT_SPOKEN_OF, SPOKEN_OF, UNIT
from source.domain.personal_data_span import Span, Zone, digits_of


class IsPhone(Protocol):
    """Knows what numbers there are."""

    def __call__(self, number: str, *, is_spoken_of: bool) -> bool:
        """Whether a number, with + before its country's code or as it is dialled at home, can be somebody's.

        Less is asked of one that `is_spoken_of` as such.
        """
        ...


# Digits with little between them; possessive, so that nothing is tried twice.
_RUN = re.compile(r"\d(?:[ \t\u00a0\u202f().\-/–‑]{0,3}+\d){6,}+")
_SIGN = re.compile(r"\(?\+ ?\(?$|\($")
_PIECE = re.compile(r"(?:\(?\+ ?)?\(?\d+\)?")
# What stands right before a number tells most others: prices, links, mentions, channels, fractions, assignments.
_NO_BEGINNING = re.compile(r"[\w+#@/&=<.,$€£¥₹*%-]$|\d:$")
_NO_BEGINNING_ABROAD = re.compile(r"[\w+]$")
_NO_END = re.compile(r"[\w%@]|[.,:-]\d|=\w|/[^\W\d]")

_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d)(?!\d)"
)
_COMPACT_TIME = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[ T-]?\d{4,9})?$")
_YEARS = re.compile(r"(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d$")
_THOUSANDS = re.compile(r"\d{1,3}(?:[. \u00a0\u202f]\d{3})+$")
_NORTH_AMERICAN = re.compile(r"(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d(?P<sep>[ .-]))\d{3}(?(sep)(?P=sep)|[ .-])\d{4}$")
_SAID_BEFORE = re.compile(r"[^\n\d]{1,40}$")
_FURTHEST = 40
LEAST_PHONE_DIGITS, _MOST_DIGITS = 7, 15
# Fewer, and they are a list of numbers.
_LEAST_DIGITS_A_PIECE = 1.6
_ABROAD_PREFIX = "00"
_MOST_PIECES = 8
# So many numbers are asked about in one text; whatever looks like one is taken for one from then on.
_MOST_ASKED = 60


class Phones:
    """Finds the phone numbers of one text."""

    def __init__(self, is_phone: IsPhone) -> None:
        self._is_phone = is_phone
        self._left_to_ask = _MOST_ASKED

    def find(self, text: str, zone: Zone) -> Iterator[Span]:
        for match in _RUN.finditer(text, zone.start, zone.end):
            yield from self._in_run(text, *match.span())

    def _in_run(self, text: str, start: int, end: int) -> Iterator[Span]:
        """Yield the longest phone numbers in a row of digits, of which there may be several, or none."""
        sign = _SIGN.search(text, max(0, start - 3), start)
        pieces = [Span(*piece.span()) for piece in _PIECE.finditer(text, sign.start() if sign else start, end + 1)]
        counts = [sum(map(str.isdecimal, text[piece.start : piece.end])) for piece in pieces]
        first = 0
        while first < len(pieces):
            ends = list(_ends(counts[first : first + _MOST_PIECES]))
            last = self._last_of_number(text, pieces[first : first + _MOST_PIECES], ends) if ends else None
            if last is not None:
                yield _balanced(text, pieces[first].start, pieces[first + last].end)
            first += 1 if last is None else last + 1

    def _last_of_number(self, text: str, pieces: Sequence[Span], ends: Sequence[int]) -> int | None:
        """Return the piece with which the longest number that begins with the first one ends."""
        start = pieces[0].start
        before = text[max(0, start - _FURTHEST) : start]
        is_abroad = "+" in text[start : pieces[0].end]
        if (_NO_BEGINNING_ABROAD if is_abroad else _NO_BEGINNING).search(before):
            return None
        is_number = self._is_abroad if is_abroad else partial(self._is_at_home, _said_of(before))
        for last in ends:
            end = pieces[last].end
            if not _NO_END.match(text, end) and is_number(text, start, end):
                return last
        return None

    def _is_abroad(self, text: str, start: int, end: int) -> bool:
        digits = digits_of(text[start:end])
        return len(digits) <= _MOST_DIGITS and self._ask("+" + digits, is_spoken_of=True)

    def _is_at_home(self, said: "_Said", text: str, start: int, end: int) -> bool:
        """Tell a number without a sign for abroad: by its form, or by what is said before it."""
        start, end = _balanced(text, start, end)
        written = text[start:end]
        digits = digits_of(written)
        is_spoken_of, is_grouped = said is _Said.PHONE, len(written) > len(digits)
        looks_like_one = is_spoken_of or digits[0] == "0" or (is_grouped and len(digits) >= 9)
        if not looks_like_one or said is _Said.OTHER or _is_date(written):
            return False
        if not is_spoken_of and (_THOUSANDS.match(written) or UNIT.match(text, end)):
            return False
        if digits.startswith(_ABROAD_PREFIX):
            return self._ask("+" + digits.removeprefix(_ABROAD_PREFIX), is_spoken_of=is_spoken_of)
        if len(digits) > _MOST_DIGITS:
            return False
        if _NORTH_AMERICAN.match(written):
            return True
        is_whole = is_spoken_of and len(digits) >= 11 and digits[0] != "0"
        return self._ask(written, is_spoken_of=is_spoken_of) or (
            is_whole and self._ask("+" + digits, is_spoken_of=False)
        )

    def _ask(self, number: str, *, is_spoken_of: bool) -> bool:
        if self._left_to_ask == 0:
            return True
        self._left_to_ask -= 1
        return self._is_phone(number, is_spoken_of=is_spoken_of)


def _ends(counts: Sequence[int]) -> Iterator[int]:
    """Yield the pieces with which a number of a phone's length can end, the longest first."""
    for last, length in reversed(list(enumerate(accumulate(counts)))):
        is_list = length < _LEAST_DIGITS_A_PIECE * (last + 1)
        if LEAST_PHONE_DIGITS <= length <= _MOST_DIGITS + len(_ABROAD_PREFIX) and not is_list:
            yield last


class _Said(Enum):
    """What the words before a number say that it is."""

    NOTHING = 0
    PHONE = 1
    OTHER = 2


def _said_of(before: str) -> _Said:
    said = _SAID_BEFORE.search(before)
    if said is None:
        return _Said.NOTHING
    if NOT_SPOKEN_OF.search(said[0]):
        return _Said.OTHER
    return _Said.PHONE if SPOKEN_OF.search(said[0]) else _Said.NOTHING


def _is_date(written: str) -> bool:
    return bool(_DATE.search(written) or _COMPACT_TIME.match(written) or _YEARS.match(written))


def _balanced(text: str, start: int, end: int) -> Span:
    """Return the number without a bracket that is closed, or opened, outside of it."""
    written = text[start:end]
    is_in_brackets = written.startswith("(") and written.find(")") == len(written) - 1
    if written.startswith("(") and (is_in_brackets or ")" not in written):
        start += 1
    if written.endswith(")") and (is_in_brackets or "(" not in written):
        end -= 1
    return Span(start, end)
