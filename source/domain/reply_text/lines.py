"""The lines of a reply, and what each of them is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from source.domain.reply_text.chunk import Room, utf16_length
from source.domain.reply_text.fences import Fence, fence_after
from source.domain.reply_text.place import Place, quote_inside

_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,9}[.)])(?=[ \t])")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]")
# Models write headings this way too; below a line of text it is emphasis.
_BOLD_LINE = re.compile(r"(\*\*|__)[^*_]+\1:?\Z")
_QUOTE = re.compile(r"[ \t]*>")
_RULE = re.compile(r"[ \t]*([-*_])(?:[ \t]*\1){2,}[ \t]*\Z")
_TABLE_RULE = re.compile(r"[ \t>]*(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?\Z")
# An item belongs to the one above from this indentation on; models rarely indent by more.
_NESTED = 2


class Kind(Enum):
    """What a line is."""

    TEXT = auto()
    HEADING = auto()
    RULE = auto()
    QUOTE = auto()
    ITEM = auto()
    TABLE_HEAD = auto()
    TABLE_RULE = auto()
    TABLE_ROW = auto()
    FENCE_OPENING = auto()
    CODE = auto()
    FENCE_CLOSING = auto()


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, from `start` to the end of what is visible of it.

    `depth` counts the list items that it stands in, its own included; `fence` is what is open after it,
    `table` the head of the table that it is part of, `quote` what the rest of it needs when it begins a chunk.
    """

    start: int
    end: int
    text: str
    kind: Kind
    depth: int
    after_blank: bool
    fence: Fence | None
    table: str
    quote: str

    @property
    def visible_start(self) -> int:
        return self.start + len(self.text) - len(self.text.lstrip())

    def introduces(self, room: Room) -> bool:
        """Whether it announces what follows; a longer text says more than that."""
        return len(self.text) <= room.least and self.text.rstrip("*_ ").endswith((":", "："))


def lines_of(window: str, place: Place, room: Room) -> list[Line]:
    """Read `window`, which begins in `place`."""
    return list(_Reader(window, place, room).lines())


class _Reader:
    def __init__(self, window: str, place: Place, room: Room) -> None:
        self._raw = window.split("\n")
        self._room = room
        self._fence = place.fence
        self._table = place.table
        self._items: list[int] = []
        self._after_blank = False
        self._inside_line = place.inside_line
        self._quote = place.quote

    def lines(self) -> Iterator[Line]:
        start = 0
        for number, raw in enumerate(self._raw):
            text = raw.rstrip()
            if text:
                yield self._line(number, start, text)
                self._after_blank = self._inside_line = False
            else:
                self._blank()
            start += len(raw) + 1

    def _blank(self) -> None:
        self._after_blank = True
        self._table = ""
        self._fence = after_blank(self._fence)

    def _line(self, number: int, start: int, text: str) -> Line:
        before = self._fence
        if not self._inside_line:
            self._fence = fence_after(text, before, self._room.mark)
        kind = self._kind(number, text, before)
        depth = self._depth(kind, text)
        table = self._table_after(number, kind)
        quote = self._quote if self._inside_line else quote_inside(text, self._fence, self._room)
        return Line(start, start + len(text), text, kind, depth, self._after_blank, self._fence, table, quote)

    def _kind(self, number: int, text: str, before: Fence | None) -> Kind:
        if self._fence is not None:
            return Kind.CODE if self._fence is before else Kind.FENCE_OPENING
        if before is not None and before.inside(text) is not None:
            return Kind.FENCE_CLOSING
        if (self._after_blank or not number) and _BOLD_LINE.match(text):
            return Kind.HEADING
        return self._table_kind(number, text) or _plain_kind(text)

    def _table_kind(self, number: int, text: str) -> Kind | None:
        if "|" not in text:
            return None
        if self._table:
            return Kind.TABLE_RULE if self._table == _HEAD_ONLY else Kind.TABLE_ROW
        below = self._raw[number + 1].rstrip() if number + 1 < len(self._raw) else ""
        return Kind.TABLE_HEAD if "|" in below and _TABLE_RULE.match(below) else None

    def _table_after(self, number: int, kind: Kind) -> str:
        if kind is Kind.TABLE_HEAD:
            self._table = _HEAD_ONLY
        elif kind is Kind.TABLE_RULE:
            self._table = f"{self._raw[number - 1]}\n{self._raw[number]}\n"
        elif kind is not Kind.TABLE_ROW:
            self._table = ""
        return self._table if utf16_length(self._table) <= self._room.reopening else ""

    def _depth(self, kind: Kind, text: str) -> int:
        indent = len(text.expandtabs(4)) - len(text.expandtabs(4).lstrip())
        if kind is Kind.CODE or kind is Kind.FENCE_CLOSING:
            return len(self._items)
        # A line of text goes on with the item above it, however it is indented.
        if kind is not Kind.TEXT or self._after_blank:
            while self._items and indent < self._items[-1] + _NESTED:
                self._items.pop()
        if kind is Kind.ITEM:
            self._items.append(indent)
        return len(self._items)


_HEAD_ONLY = "\n"


def after_blank(fence: Fence | None) -> Fence | None:
    """Return the fence that is still open after a blank line, which ends a quote."""
    return fence if fence is None or not fence.quotes else None


def _plain_kind(text: str) -> Kind:
    for kind, pattern in ((Kind.RULE, _RULE), (Kind.ITEM, _ITEM), (Kind.HEADING, _HEADING), (Kind.QUOTE, _QUOTE)):
        if pattern.match(text):
            return kind
    return Kind.TEXT
