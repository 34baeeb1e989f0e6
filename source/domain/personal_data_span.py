"""Parts of a text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_DIGITS, _OTHERS = re.compile(r"\d+"), re.compile(r"\D+")
# No number that is looked for goes on for so long without a digit, nor is what is said before it further away.
_AROUND_DIGITS = 48
# The digits of one number have no more than this between them, but for an IBAN's.
_WITHIN_NUMBER = 3


class Span(NamedTuple):
    """From `start` up to `end`."""

    start: int
    end: int


class Zone(NamedTuple):
    """A part of a text in which numbers can be: it has `digits`, of which `run` are close together at most."""

    start: int
    end: int
    digits: int
    run: int


def zones_of(text: str) -> Iterator[Zone]:
    """Yield the zones of a text: what is long and has few digits need not be searched whole for each kind of number."""
    start = end = digits = run = longest = 0
    for match in _DIGITS.finditer(text):
        first, behind = match.span()
        if digits and first - end > 2 * _AROUND_DIGITS:
            yield _zone(text, start, end, digits, longest)
            digits = run = longest = 0
        if not digits:
            start = first
        run = behind - first + (run if digits and first - end <= _WITHIN_NUMBER else 0)
        longest = max(longest, run)
        digits += behind - first
        end = behind
    if digits:
        yield _zone(text, start, end, digits, longest)


def _zone(text: str, start: int, end: int, digits: int, run: int) -> Zone:
    return Zone(max(0, start - _AROUND_DIGITS), min(len(text), end + _AROUND_DIGITS), digits, run)


def digits_of(text: str) -> str:
    """Return the digits in it, of whatever script, as 0 to 9."""
    digits = _OTHERS.sub("", text)
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)
