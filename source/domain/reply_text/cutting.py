"""Where a chunk ends."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from source.domain.reply_text.chunk import Room, longest_prefix, utf16_length
from source.domain.reply_text.clusters import visible_ends
from source.domain.reply_text.fences import Fence, fence_after, open_fence
from source.domain.reply_text.inline import seams_in
from source.domain.reply_text.lines import Kind, Line, after_blank, lines_of
from source.domain.reply_text.place import Place, content_start
from source.domain.reply_text.seams import Seam, seam_between

# Words that mean something else when they begin a line.
_MARK = re.compile(r"(?:#{1,6}|-#|[-*+•]|>+|\d{1,9}[.)])(?:\s|\Z)|>")
_FENCES = (Kind.FENCE_OPENING, Kind.FENCE_CLOSING)


@dataclass(frozen=True, slots=True)
class Cut:
    """A place to cut, in or behind `line`; `table` is the head that the next line goes on under."""

    at: int
    seam: Seam
    line: Line
    table: str = ""

    def place_after(self, line_breaks: int) -> Place:
        """Return what is open when so many line breaks follow the cut."""
        if not line_breaks:
            return Place(self.line.fence, quote=self.line.quote, inside_line=True)
        return Place(self.line.fence if line_breaks == 1 else after_blank(self.line.fence), self.table)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message shows of a part of the source."""

    text: str
    closed: str


def shown(opened: str, source: str, room: Room) -> Shown:
    """Add to `source` what was open before it, and close what it leaves open."""
    text = opened + source.rstrip()
    fence = open_fence(text, room.mark)
    closed = "" if fence is None else "\n" + fence.closing
    return Shown(text + closed, closed)


class Cutter:
    """Chooses where the chunk that begins with `window` ends; `window` goes on when `is_part`."""

    def __init__(self, window: str, place: Place, room: Room, *, is_part: bool) -> None:
        self._window = window
        self._place = place
        self._room = room
        self._is_part = is_part
        self._opened = place.opened(room)
        self._possible: dict[int, bool] = {}

    def cut(self) -> Cut | None:
        """Return the best place, or None when all of the window fits and nothing follows."""
        last = self._lines[-1]
        if self._fits(last.end):
            return Cut(last.end, Seam.LINES, last) if self._is_part else None
        between = [cut for cut in self._between_lines if cut.seam is not Seam.GLUED]
        return self._best(between) or self._inside_a_line(between)

    def _inside_a_line(self, between: list[Cut]) -> Cut:
        """Return the best place behind the last cut `between` lines, or that one when there is none."""
        latest = self._latest(between)
        after = latest.at if latest else 0
        with_words = sorted([*between, *self._between_words(after)], key=lambda cut: cut.at)
        return (
            self._best(with_words, least_seam=Seam.SENTENCES)
            or self._between_clusters(after)
            or latest
            or self._latest(self._between_lines)
            or self._between_clusters(harmless=False)
            or next(cut for cut in self._inside_lines() if self._fits(cut.at))
        )

    def _best(self, cuts: list[Cut], *, least_seam: Seam = Seam.BLOCKS) -> Cut | None:
        """Return the latest cut of the best kind that leaves a chunk worth sending, or keeps the next part whole."""
        for seam in range(least_seam, Seam.CLUSTERS):
            good = [cut for cut in cuts if cut.seam <= seam]
            latest = self._latest(good)
            if latest and (self._ends_well(latest, seam) or self._next_stays_whole(latest, good)):
                return latest
        return None

    def _latest(self, cuts: Iterable[Cut]) -> Cut | None:
        return next((cut for cut in reversed(list(cuts)) if self._is_possible(cut)), None)

    def _is_possible(self, cut: Cut) -> bool:
        if cut.at not in self._possible:
            self._possible[cut.at] = self._fits(cut.at) and self._is_harmless(cut)
        return self._possible[cut.at]

    def _ends_well(self, cut: Cut, seam: int) -> bool:
        # What announces the next part goes with it, unless that would tear emphasis or words apart.
        return self._is_worth_sending(cut.at) and (cut.seam is not Seam.INTRODUCTION or seam >= Seam.MARKED_WORDS)

    def _is_worth_sending(self, at: int) -> bool:
        return utf16_length(self._window[:at]) >= self._room.least

    def _next_stays_whole(self, cut: Cut, cuts: list[Cut]) -> bool:
        """Whether a chunk that begins behind `cut` holds everything up to the next of `cuts`."""
        following = next((other for other in cuts if other.at > cut.at), None)
        last = following.line if following else self._lines[-1]
        start = content_start(self._window, cut.at, self._room)
        line_breaks = self._window.count("\n", cut.at, start)
        opened = cut.place_after(line_breaks).opened(self._room)
        rest = self._window[start : following.at if following else last.end]
        closing = len(last.fence.closing) + 1 if last.fence else 0
        return utf16_length(opened) + utf16_length(rest) + closing <= self._room.limit

    def _fits(self, at: int) -> bool:
        if at > self._furthest:
            return False
        return utf16_length(shown(self._opened, self._window[:at], self._room).text) <= self._room.limit

    @cached_property
    def _furthest(self) -> int:
        return longest_prefix(self._window, self._room.limit - utf16_length(self._opened))

    @cached_property
    def _lines(self) -> list[Line]:
        return lines_of(self._window, self._place, self._room)

    @cached_property
    def _ends(self) -> set[int]:
        return visible_ends(self._window)

    @cached_property
    def _between_lines(self) -> list[Cut]:
        pairs = zip(self._lines, self._lines[1:], strict=False)
        return [Cut(above.end, seam_between(above, below, self._room), above, _table(below)) for above, below in pairs]

    def _between_words(self, after: int) -> Iterator[Cut]:
        for line in self._lines:
            if after < line.end and line.start <= self._furthest and line.kind not in _FENCES:
                cuts = (Cut(line.start + offset, seam, line) for offset, seam in seams_in(line))
                yield from (cut for cut in cuts if cut.at in self._ends)

    def _between_clusters(self, after: int = 0, *, harmless: bool = True) -> Cut | None:
        cuts = (cut for cut in self._inside_lines(after) if cut.at in self._ends and self._fits(cut.at))
        latest = next((cut for cut in cuts if not harmless or self._is_harmless(cut)), None)
        if latest is None or self._is_worth_sending(latest.at):
            return latest
        next_character = self._window[latest.at : min(end for end in self._ends if end > latest.at)]
        return latest if utf16_length(next_character.lstrip()) <= self._room.limit - self._room.least else None

    def _inside_lines(self, after: int = 0) -> Iterator[Cut]:
        """Yield every place inside a line that is behind `after` and a visible character, the last first."""
        for line in reversed(self._lines):
            for at in range(min(line.end - 1, self._furthest), max(line.visible_start, after), -1):
                if not self._window[at - 1].isspace():
                    yield Cut(at, Seam.CLUSTERS, line)

    def _is_harmless(self, cut: Cut) -> bool:
        """Whether neither half of a line that is cut passes for something else, such as a fence."""
        line, offset = cut.line, cut.at - cut.line.start
        if cut.at == line.end or line.kind in _FENCES:
            return cut.at == line.end
        goes_on = self._place.quote if self._place.inside_line and not line.start else ""
        head, tail = goes_on + line.text[:offset], line.text[offset:].lstrip()
        if self._is_fence(head, line.fence) or self._is_fence(line.quote + tail, line.fence):
            return False
        return line.fence is not None or not _MARK.match(tail)

    def _is_fence(self, half: str, fence: Fence | None) -> bool:
        return fence_after(half, fence, self._room.mark) is not fence


def _table(below: Line) -> str:
    return below.table if below.kind is Kind.TABLE_ROW else ""
