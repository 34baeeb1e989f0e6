"""Numbers of payment cards and bank accounts, by their check digits."""

import re
from collections.abc import Iterator

from source.domain.personal_data_span import Span, Zone, digits_of

# In one piece, or in groups with the same sign between them all.
_CARD = re.compile(
    r"\d(?<![\w+#@&<.,-]\d)(?:"
    r"\d{12,18}"
    r"|\d{3}(?P<four>[ \u00a0.-])\d{4}(?P=four)\d{4}(?P=four)\d{4}(?P<rest>(?P=four)\d{1,3})?"
    r"|\d{3}(?P<six>[ \u00a0.-])\d{6}(?P=six)\d{4,5}"
    r")(?![\w@-]|[.,]\d)"
)
# First and last prefix of the same length, and the lengths of a network's numbers (ISO/IEC 7812, networks' tables).
# Maestro's prefixes are so wide that only grouped numbers are taken for its cards.
_NETWORKS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({16, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("6011", "6011", frozenset({16, 19})),  # Discover
    ("644", "659", frozenset({16, 19})),
    ("3528", "3589", frozenset({16, 17, 18, 19})),  # JCB
    ("300", "305", frozenset({14, 16, 19})),  # Diners Club
    ("36", "36", frozenset({14, 16, 19})),
    ("38", "39", frozenset({14, 16, 19})),
    ("62", "62", frozenset({16, 17, 18, 19})),  # UnionPay
    ("2200", "2204", frozenset({16, 17, 18, 19})),  # Mir
    ("60", "60", frozenset({16})),  # RuPay
    ("81", "82", frozenset({16})),
)
_MAESTRO = re.compile(r"(?:50|5[6-8]|6)")

LEAST_CARD_DIGITS, LEAST_IBAN_DIGITS = 13, 10

_IBAN = re.compile(r"[A-Za-z](?<![\w-][A-Za-z])[A-Za-z]\d{2}(?=[ \u00a0-]?[A-Za-z0-9])")
# The registry of ISO 13616 (SWIFT, release 99).
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FO FI GL NL SD FK",
        19: "MK SI",
        20: "AT BA EE KZ LT LU XK MN",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM TL SO",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        33: "LC RU",
    }.items()
    for country in countries.split()
}


def payment_cards(text: str, zone: Zone) -> Iterator[Span]:
    """Yield numbers of payment cards."""
    at = zone.start
    while match := _CARD.search(text, at, zone.end):
        end = match.end()
        if not is_card(match[0]):
            # What follows may be the date until which it is valid, what comes before another number.
            end = match.start("rest") if match["rest"] and is_card(_without_rest(match)) else 0
        if end:
            yield Span(match.start(), end)
        at = end or _end_of_digits(text, match.start())


def _end_of_digits(text: str, start: int) -> int:
    while start < len(text) and text[start].isdecimal():
        start += 1
    return start


def _without_rest(match: re.Match[str]) -> str:
    return match[0][: -len(match["rest"])]


def is_card(written: str) -> bool:
    """Whether a number has the prefix, the length and the check digit of a card."""
    digits = digits_of(written)
    if not _passes_luhn(digits) or len(set(digits)) == 1:
        return False
    if any(first <= digits[: len(first)] <= last and len(digits) in lengths for first, last, lengths in _NETWORKS):
        return True
    is_grouped = len(digits) < len(written)
    return is_grouped and 13 <= len(digits) <= 19 and _MAESTRO.match(digits) is not None


def _passes_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def bank_accounts(text: str, zone: Zone) -> Iterator[Span]:
    """Yield IBANs, in one piece or in groups."""
    end = 0
    for match in _IBAN.finditer(text, zone.start, zone.end):
        length = _IBAN_LENGTHS.get(match[0][:2].upper())
        if length is None or match.start() < end:
            continue
        stop = _end_of_signs(text, match.start(), length)
        if stop is not None and _passes_mod_97(text[match.start() : stop]):
            end = stop
            yield Span(match.start(), stop)


def _end_of_signs(text: str, start: int, count: int) -> int | None:
    """Return where `count` letters and digits end that single spaces or hyphens may part; None: there are fewer."""
    at, was_sign = start, False
    while count and at < len(text):
        sign = text[at]
        if sign.isascii() and sign.isalnum():
            count -= 1
            was_sign = True
        elif sign in " \u00a0-" and was_sign:
            was_sign = False
        else:
            return None
        at += 1
    is_whole = not count and not (at < len(text) and text[at].isalnum())
    return at if is_whole else None


def _passes_mod_97(written: str) -> bool:
    signs = "".join(sign for sign in written.upper() if sign.isalnum())
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1
