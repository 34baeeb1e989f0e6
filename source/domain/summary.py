"""What a new conversation starts with: dated points, each with the messages that show it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from source.domain.summary_text import one_line, sentences, shortened, size_of

TITLE_CHARS = 60
_BEFORE = "From before:"
_LABEL_CHARS = 40
_IN_LABEL = re.compile(r"[()\[\]#:“”]")
_POINT_LINE = re.compile(r"- (?P<label>[^():“”]+?)(?: \((?P<said_on>\d{4}-\d\d-\d\d)\))?: (?P<text>.+)")
_QUOTE = re.compile(r"“(?P<quoted>.*)”")


class SummarySource(StrEnum):
    """Who made a summary: a language model, or a choice of quotations by rule."""

    MODEL = "model"
    EXTRACTIVE = "extractive"


class PointKind(StrEnum):
    """What a point tells; the values open its line, but for an excerpt's, which its speaker opens."""

    ABOUT = "About"
    OPEN = "Open"
    FACT = "Fact"
    PREFERENCE = "Preference"
    PERSON = "Person"
    TOPIC = "Topics"
    EXCERPT = "Excerpt"
    EARLIER = "Earlier"


@dataclass(frozen=True, slots=True)
class SummaryPoint:
    """One point, with the messages that show it; a point taken over from an earlier summary has none.

    `said_on` is the day in UTC, None when not known; `speaker` is set on an excerpt alone.
    """

    kind: PointKind
    text: str
    said_on: date | None = None
    message_ids: tuple[int, ...] = ()
    speaker: str | None = None

    @property
    def line(self) -> str:
        """The point as one line that `read_points` gives back."""
        day = f" ({self.said_on.isoformat()})" if self.said_on else ""
        if self.kind is PointKind.EXCERPT:
            return f"- {spoken_name(self.speaker or '')}{day}: “{self.text}”"
        return f"- {self.kind.value}{day}: {self.text}"

    @property
    def size_bytes(self) -> int:
        """What the line takes in a text, with its line break."""
        return size_of(self.line) + 1


@dataclass(frozen=True, slots=True)
class Summary:
    """What a conversation was about; `text` is what the next one is given, `points` what it is made of."""

    title: str
    text: str
    source: SummarySource
    points: tuple[SummaryPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a summary stands for: a whole conversation, or the part of one that left its context."""

    first: date
    last: date
    is_part: bool = False

    def heading(self, source: SummarySource) -> str:
        """Return the line that says what follows, and how far it can be trusted."""
        what = "the part of this conversation that is no longer shown" if self.is_part else "the conversation"
        span = f"of {self.first}" if self.first == self.last else f"of {self.first} to {self.last}"
        if source is SummarySource.MODEL:
            return f"Summary of {what} {span}:"
        return f"Excerpts, word for word and not complete, from {what} {span}:"


def spoken_name(name: str) -> str:
    """Return a name that can open a line, whatever a person called themselves."""
    return one_line(_IN_LABEL.sub(" ", one_line(name)[: _LABEL_CHARS * 2]))[:_LABEL_CHARS].strip() or "Somebody"


def render(heading: str, points: Sequence[SummaryPoint], *, before: Sequence[SummaryPoint] = ()) -> str:
    """Return the carried text: the heading and a line for each point; nothing without points."""
    lines = [heading, *(point.line for point in points)] if points else []
    if before:
        lines += [_BEFORE, *(point.line for point in before)]
    return "\n".join(lines)


def room_in(heading: str, max_bytes: int, *, has_before: bool = False) -> int:
    """Return how many bytes of a text are left for the lines of points."""
    return max(0, max_bytes - size_of(heading) - (size_of(_BEFORE) + 1 if has_before else 0))


def fitting(ranked: Iterable[SummaryPoint], max_bytes: int) -> list[SummaryPoint]:
    """Return the points that fit, the first ones of `ranked` before later ones; none is cut."""
    kept: list[SummaryPoint] = []
    for point in ranked:
        if point.size_bytes <= max_bytes:
            kept.append(point)
            max_bytes -= point.size_bytes
    return kept


def read_points(text: str) -> tuple[SummaryPoint, ...]:
    """Return the points of a carried text; another text's sentences are points without a date."""
    points = tuple(point for line in text.splitlines() if (point := _read_point(line)))
    if points:
        return points
    # Curly quotes around all of a line mark an excerpt, which prose is not.
    prose = text.replace("“", '"').replace("”", '"')
    return tuple(SummaryPoint(PointKind.EARLIER, sentence) for sentence in sentences(prose))


def short_title(text: str) -> str:
    """Return `text` as a title: one line of at most `TITLE_CHARS` characters."""
    line = one_line(text[: TITLE_CHARS * 8]).strip(" “”\"'«».,;:…")
    if len(line) <= TITLE_CHARS:
        return line
    return shortened(line[: TITLE_CHARS - 1], size_of(line[: TITLE_CHARS - 1]) - 1).rstrip("…") + "…"


def _read_point(line: str) -> SummaryPoint | None:
    found = _POINT_LINE.fullmatch(line.strip())
    if found is None:
        return None
    said_on = _day(found["said_on"])
    quote = _QUOTE.fullmatch(found["text"])
    if quote is not None:
        return SummaryPoint(PointKind.EXCERPT, quote["quoted"], said_on, speaker=found["label"])
    kind = next((kind for kind in PointKind if kind.value == found["label"]), None)
    if kind is None or kind is PointKind.EXCERPT:
        return SummaryPoint(PointKind.EARLIER, line.strip().removeprefix("- "))
    return SummaryPoint(kind, found["text"], said_on)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
