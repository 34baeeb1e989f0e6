"""Personal data in text: where it stands and of which kind it is."""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from source.domain.personal_data_ids import NATIONAL_IDS, national_ids
from source.domain.personal_data_networks import emails, internet_addresses
from source.domain.personal_data_numbers import LEAST_CARD_DIGITS, LEAST_IBAN_DIGITS, bank_accounts, payment_cards
from source.domain.personal_data_phones import LEAST_PHONE_DIGITS, IsPhone, Phones
from source.domain.personal_data_secrets import secrets
from source.domain.personal_data_span import Span, Zone, zones_of


class Kind(StrEnum):
    """What personal data there is; the values stand in `pii` and in placeholders."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    IP = "ip"
    NATIONAL_ID = "national_id"
    SECRET = "secret"  # noqa: S105  # the name of a kind

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data, from `start` up to `end` of the text."""

    kind: Kind
    start: int
    end: int


_REMOVED = re.compile(rf"\[(?P<label>{'|'.join(kind.label for kind in Kind)}) removed\]")
# No pattern matches it, and none goes over it.
_COVER = "￼"
_Spans = Callable[[str], Iterator[Span]]
# More rounds than any text of people takes; each looks at all of it again.
_MOST_ROUNDS = 8


class PersonalDataFinder:
    """Finds personal data; what only some country's numbers look like is looked for in that `country` (ISO 3166)."""

    def __init__(self, is_phone: IsPhone, *, country: str) -> None:
        self._is_phone = is_phone
        ids = [each for each in NATIONAL_IDS if each.is_telling or each.country == country]
        self._telling_ids = [each for each in ids if each.is_telling]
        self._other_ids = [each for each in ids if not each.is_telling]

    def find(self, text: str) -> list[Found]:
        """Return what there is, in order; pieces never overlap, and what stands for removed ones is none."""
        rest = _REMOVED.sub(_covered, text) if "[" in text else text
        zones = list(zones_of(text))
        found: list[Found] = []
        # Until nothing is left: without its neighbour a number may be told that could not be told with it.
        for _ in range(_MOST_ROUNDS):
            more = self._found_once(rest, zones)
            if not more:
                break
            found += more
            rest = _without(rest, more)
        return sorted(found, key=lambda each: each.start)

    def kinds(self, text: str) -> tuple[str, ...]:
        """Return the kinds of what there is, and of what was removed, in the order of `Kind`."""
        kinds = {each.kind.label for each in self.find(text)}
        if "[" in text:
            kinds |= {match["label"] for match in _REMOVED.finditer(text)}
        return tuple(kind.value for kind in Kind if kind.label in kinds) if kinds else ()

    def removed(self, text: str, *, but: Container[str] = ()) -> str:
        """Return the text without personal data, but for some that is nobody's; a second time nothing changes."""
        for _ in range(_MOST_ROUNDS):
            found = [each for each in self.find(text) if text[each.start : each.end] not in but]
            if not found:
                break
            text = replaced(text, ((each.start, each.end, f"[{each.kind.label} removed]") for each in found))
        return text

    def _found_once(self, text: str, zones: Sequence[Zone]) -> list[Found]:
        """Look for each kind in what the kinds before it, which are told more surely, have left."""
        found: list[Found] = []
        for kind, spans in self._ways(zones):
            more = [Found(kind, span.start, span.end) for span in spans(text)]
            if more:
                found += more
                text = _without(text, more)
        return found

    def _ways(self, zones: Sequence[Zone]) -> Iterator[tuple[Kind, _Spans]]:
        yield Kind.SECRET, secrets
        yield Kind.EMAIL, emails
        if zones:
            yield Kind.IBAN, _in((zone for zone in zones if zone.digits >= LEAST_IBAN_DIGITS), bank_accounts)
            yield Kind.CARD, _in((zone for zone in zones if zone.run >= LEAST_CARD_DIGITS), payment_cards)
            yield Kind.IP, _in(zones, internet_addresses)
            yield Kind.NATIONAL_ID, _in(zones, partial(national_ids, self._telling_ids))
            yield Kind.NATIONAL_ID, _in(zones, partial(national_ids, self._other_ids))
            yield (
                Kind.PHONE,
                _in((zone for zone in zones if zone.run >= LEAST_PHONE_DIGITS), Phones(self._is_phone).find),
            )


def _in(zones: Iterable[Zone], find: Callable[[str, Zone], Iterator[Span]]) -> _Spans:
    chosen = list(zones)
    return lambda text: (span for zone in chosen for span in find(text, zone))


def _covered(match: re.Match[str]) -> str:
    return _COVER * len(match[0])


def _without(text: str, found: Sequence[Found]) -> str:
    """Return the text with everything found covered."""
    in_order = sorted(found, key=lambda each: each.start)
    return covered(text, ((each.start, each.end, "") for each in in_order))


def covered(text: str, places: Iterable[tuple[int, int, str]]) -> str:
    """Return the text, at its old length, so that nothing is found in some places or across them."""
    return replaced(text, ((start, end, _COVER * (end - start)) for start, end, _ in places))


def replaced(text: str, replacements: Iterable[tuple[int, int, str]]) -> str:
    """Return the text with other words in some places, which are in order and do not overlap."""
    parts: list[str] = []
    end = 0
    for start, stop, words in replacements:
        parts += (text[end:start], words)
        end = stop
    return "".join((*parts, text[end:])) if parts else text
