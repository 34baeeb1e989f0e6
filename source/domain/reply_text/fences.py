"""Fenced code: what opens it, what closes it, what is open at the end of a text."""

import re
from dataclasses import dataclass

# Before a fence: indentation, marks of quotes, a list item's mark.
_LEAD = r"(?:[\s>]|(?:[-*+]|\d{1,9}[.)])(?=\s))*"
_OPENING = re.compile(rf"({_LEAD})(?:(`{{3,}})([^`]*)|(~{{3,}})(.*))\Z", re.DOTALL)
_CLOSING = re.compile(r"(\s*)(`{3,}|~{3,})\s*\Z")
_QUOTE = re.compile(r"\s*>")
_ITEM_MARK = re.compile(r"[^\s>]")
# CommonMark: a closing fence is indented by less than an indented code block would be.
_CODE_INDENT = 4


@dataclass(frozen=True, slots=True)
class Fence:
    """An open fence: `lead` is the indentation and the marks of quotes before its `run` of ` or ~."""

    lead: str
    run: str
    info: str

    @property
    def quotes(self) -> int:
        return self.lead.count(">")

    @property
    def closing(self) -> str:
        return self.lead + self.run

    def reopening(self, longest: int) -> str:
        """Return the opening line again, without its info string if that makes it longer than `longest`."""
        whole = self.closing + self.info
        return whole if len(whole) <= longest else self.closing

    def inside(self, line: str) -> str | None:
        """Return what the block holds of `line`; None when the line ends the quote that the block is in."""
        at = 0
        for _ in range(self.quotes):
            mark = _QUOTE.match(line, at)
            if mark is None:
                return None
            at = mark.end()
        return line[at:]

    def is_closed_by(self, inside: str) -> bool:
        found = _CLOSING.match(inside)
        return (
            found is not None
            and found[2][0] == self.run[0]
            and len(found[2]) >= len(self.run)
            and _indent(found[1]) < _indent(self.lead.rpartition(">")[2]) + _CODE_INDENT
        )


def fence_after(line: str, fence: Fence | None, longest: int) -> Fence | None:
    """Return the fence that is open after `line`, given the one before it; a longer mark than `longest` is text."""
    inside = None if fence is None else fence.inside(line)
    if fence is not None and inside is not None:
        return None if fence.is_closed_by(inside) else fence
    return _opened_by(line, longest)


def open_fence(text: str, longest: int) -> Fence | None:
    """Return the fence that is open at the end of `text`."""
    fence: Fence | None = None
    if "```" in text or "~~~" in text:
        for line in text.split("\n"):
            fence = fence_after(line, fence, longest)
    return fence


def _opened_by(line: str, longest: int) -> Fence | None:
    found = _OPENING.match(line) if "```" in line or "~~~" in line else None
    if found is None:
        return None
    lead, run = _ITEM_MARK.sub(" ", found[1]), found[2] or found[4]
    if len(lead) + len(run) > longest:
        return None
    return Fence(lead, run, (found[3] or found[5] or "").strip())


def _indent(space: str) -> int:
    return len(space.expandtabs(4))
