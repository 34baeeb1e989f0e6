"""What is open in the source where a chunk begins."""

import re
from dataclasses import dataclass

from source.domain.reply_text.chunk import Room
from source.domain.reply_text.fences import Fence

_SPACE = re.compile(r"\s*")
_QUOTE_MARKS = re.compile(r"[ \t]*(?:>[ \t]?)+")


@dataclass(frozen=True, slots=True)
class Place:
    """`table` is the head of the table that goes on, `quote` the marks of the line that goes on."""

    fence: Fence | None = None
    table: str = ""
    quote: str = ""
    inside_line: bool = False

    def opened(self, room: Room) -> str:
        """Return what a chunk that begins here repeats."""
        fence = self.fence.reopening(room.reopening) + "\n" if self.fence else ""
        return fence + self.table + self.quote


def quote_inside(line: str, fence: Fence | None, room: Room) -> str:
    """Return the marks of quotes that the rest of `line` needs when it begins a chunk."""
    if fence is not None:
        return ">" * fence.quotes + " " if fence.quotes else ""
    marks = _QUOTE_MARKS.match(line)
    return marks[0] if marks and len(marks[0]) <= room.mark else ""


def content_start(text: str, at: int, room: Room, *, begins_line: bool = False) -> int:
    """Return where what is visible begins behind `at`, with its indentation when it begins a line."""
    end = _space_end(text, at)
    line = text.rfind("\n", at, end) + 1
    if not (line or begins_line):
        return end
    return max(line, at) if end - max(line, at) <= room.mark else end


def _space_end(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
