"""What stands for personal data where a model reads and writes, and how it comes back."""

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from source.domain.personal_data import Found, Kind, covered, replaced

# What only looks like a placeholder gets one itself: nobody's words are taken for somebody's data.
_TEXT = "text"
_LABELS = (*(kind.label for kind in Kind), _TEXT)
_NUMBERED = re.compile(rf"(?i)\[(?P<label>{'|'.join(_LABELS)}) (?P<number>[1-9][0-9]{{0,5}})\]")
_LONGEST = max(map(len, _LABELS)) + len("[ 123456]")
_UNFINISHED = re.compile(r"[ 0-9]*")
# Secrets are often told by the word before them, which is there only once.
_SHORTEST_REPEATED = 6

_ELLIPSIS = "…"
_CUT_WITHIN = 80
_CUT_BEFORE = re.compile(r"(?:\+?\d[\d ().-]{3,40}|[^\s@]{1,64}@[^\s@]{0,64}|(?=[\w-]{0,64}\d)[\w-]{8,64})\Z")
_CUT_AFTER = re.compile(
    r"\s?…?(?P<piece>[\d().-][\d ().-]{3,40}\d|[^\s@]{0,64}@[^\s@]{1,64}|(?=[\w-]{0,64}\d)[\w-]{8,64})"
)
# Shorter ones tell nobody.
_SHORTEST_CUT = 6
_LONGEST_CUT = 200

# Where it starts and ends, and its label.
_Place = tuple[int, int, str]
Find = Callable[[str], Sequence[Found]]


class Placeholders:
    """Numbers the personal data of texts in the order of its first appearance.

    The same texts get the same numbers whatever follows them, so that a prompt that grows at its end keeps its
    beginning to the byte. What is taken out comes back exactly.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._values: dict[tuple[str, int], str] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: dict[str, int] = {}
        self._secrets: list[str] = []

    def __bool__(self) -> bool:
        """Whether anything was taken out."""
        return bool(self._values)

    def scrubbed(self, text: str) -> str:
        """Return the text with a placeholder for each piece of personal data."""
        places = self._told(text, text)
        if not (places or self._values or "[" in text or _ELLIPSIS in text):
            return text
        others = [*_lookalikes(text), *self._repeated_secrets(text), *_cut_pieces(text), *self._cut_value(text)]
        if len(more := _apart(places, others)) > len(places):
            # What was one word with one of these may be personal data without it.
            places = sorted([*more, *self._told(text, covered(text, more))])
        return replaced(text, ((start, end, self._placeholder(label, text[start:end])) for start, end, label in places))

    def scrubbed_json(self, text: str) -> str:
        """As `scrubbed`, for text that may be JSON, in which a placeholder for a number is a string."""
        return _in_json(text, self.scrubbed)

    def restored(self, text: str, *, in_json: bool = False) -> str:
        """Return the text with what its placeholders stand for; `in_json` quotes that as a JSON string has it."""
        if not self._values or "[" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            known = self._values.get((match["label"].lower(), int(match["number"])))
            if known is None:
                return match[0]
            return json.dumps(known, ensure_ascii=False)[1:-1] if in_json else known

        return _NUMBERED.sub(value, text)

    def restored_json(self, text: str) -> str:
        """As `restored`, in each string of what may be JSON."""
        if not self._values or "[" not in text:
            return text
        return _in_json(text, self.restored, otherwise=lambda text: self.restored(text, in_json=True))

    def _told(self, text: str, visible: str) -> list[_Place]:
        """Return what is found in the visible part of a text; its secrets are known from then on."""
        places = [(each.start, each.end, each.kind.label) for each in self._find(visible)]
        for start, end, label in places:
            secret = text[start:end]
            if label == Kind.SECRET.label and len(secret) >= _SHORTEST_REPEATED and secret not in self._secrets:
                self._secrets.append(secret)
        return places

    def _placeholder(self, label: str, value: str) -> str:
        number = self._numbers.get((label, value))
        if number is None:
            number = self._counts[label] = self._counts.get(label, 0) + 1
            self._numbers[label, value] = number
            self._values[label, number] = value
        return f"[{label} {number}]"

    def _repeated_secrets(self, text: str) -> Iterator[_Place]:
        for secret in self._secrets:
            start = text.find(secret)
            while start >= 0:
                yield start, start + len(secret), Kind.SECRET.label
                start = text.find(secret, start + len(secret))

    def _cut_value(self, text: str) -> Iterator[_Place]:
        """Yield what a text ends with if it is the beginning of what was said before: it was cut there."""
        end = text[-_SHORTEST_CUT:]
        for value in self._values.values():
            longest = min(len(value) - 1, len(text), _LONGEST_CUT) if end in value else 0
            for length in range(longest, _SHORTEST_CUT - 1, -1):
                if text.endswith(value[:length]):
                    yield len(text) - length, len(text), _TEXT
                    break


class Restoring:
    """Restores a text that comes piece by piece, with placeholders across the pieces."""

    def __init__(self, placeholders: Placeholders, *, in_json: bool = False) -> None:
        self._placeholders = placeholders
        self._in_json = in_json
        self._held = ""

    def feed(self, piece: str) -> str:
        """Return what can be said by now."""
        text = self._held + piece
        start = text.rfind("[", max(0, len(text) - _LONGEST))
        is_open = bool(self._placeholders) and start >= 0 and _may_become_one(text[start + 1 :])
        self._held = text[start:] if is_open else ""
        return self._placeholders.restored(text[:start] if is_open else text, in_json=self._in_json)

    def end(self) -> str:
        """Return what was held back: it became no placeholder."""
        held, self._held = self._held, ""
        return held


def _may_become_one(begun: str) -> bool:
    begun = begun.lower()
    for label in _LABELS:
        if label.startswith(begun):
            return True
        if begun.startswith(f"{label} ") and _UNFINISHED.fullmatch(begun, len(label)):
            return True
    return False


def _cut_pieces(text: str) -> Iterator[_Place]:
    """Yield what is before or after an ellipsis and may be what was left of personal data where a text was cut."""
    at = text.find(_ELLIPSIS)
    while at >= 0:
        start = max(0, at - _CUT_WITHIN)
        is_first, is_last = text[at - 1 : at] != _ELLIPSIS, text[at + 1 : at + 2] != _ELLIPSIS
        if is_first and (before := _CUT_BEFORE.search(text, start, at)) is not None:
            yield (*before.span(), _TEXT)
        if is_last and (after := _CUT_AFTER.match(text, at + 1, at + 1 + _CUT_WITHIN)) is not None:
            yield (*after.span("piece"), _TEXT)
        at = text.find(_ELLIPSIS, at + 1)


def _lookalikes(text: str) -> list[_Place]:
    return [(*match.span(), _TEXT) for match in _NUMBERED.finditer(text)] if "[" in text else []


def _apart(found: list[_Place], others: Iterable[_Place]) -> list[_Place]:
    """Return all in order; where one of the others overlaps with what was found, or another, it is left out."""
    found = sorted(found)
    starts = [start for start, _, _ in found]
    more: list[_Place] = []
    free = 0
    for start, end, label in sorted(others):
        following = bisect_left(starts, end)
        if start >= free and (following == 0 or found[following - 1][1] <= start):
            more.append((start, end, label))
            free = end
    return sorted([*found, *more])


def _in_json(text: str, change: Callable[[str], str], *, otherwise: Callable[[str], str] | None = None) -> str:
    """Change each string in a JSON text; what changes nothing leaves it as it was written."""
    if text[:1] in {"{", "["}:
        try:
            parsed = json.loads(text)
            changed = changed_in(parsed, change)
        except (ValueError, RecursionError):
            pass
        else:
            return text if changed == parsed else json.dumps(changed, ensure_ascii=False)
    return (otherwise or change)(text)


def changed_in(value: object, change: Callable[[str], str]) -> object:
    """Return JSON-like data with each text changed, those of names and long numbers too."""
    match value:
        case str():
            return change(value)
        case bool() | None:
            return value
        case int() | float():
            return value if (text := change(written := str(value))) == written else text
        case Mapping():
            return {change(str(name)): changed_in(inner, change) for name, inner in value.items()}
        case Sequence():
            return [changed_in(inner, change) for inner in value]
        case _:
            return value
