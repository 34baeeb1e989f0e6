"""How good a place between two lines is to cut."""

from enum import IntEnum

from source.domain.reply_text.lines import Kind, Line


class Seam(IntEnum):
    """What a cut goes between; the best first."""

    BLOCKS = 0
    ITEMS = 1
    NESTED_ITEMS = 2
    PARTS = 3
    LINES = 4
    SENTENCES = 5
    WORDS = 6
    MARKED_WORDS = 7
    CLUSTERS = 8
    # Only when nothing else is left: behind a fence's opening line, before its closing one.
    GLUED = 9


_OPENS = (Kind.FENCE_OPENING, Kind.TABLE_HEAD)
_STANDS_ALONE = (Kind.HEADING, Kind.RULE)


def seam_between(above: Line, below: Line) -> Seam:
    """Return what a cut between two successive lines goes between."""
    if above.kind is Kind.FENCE_OPENING or below.kind is Kind.FENCE_CLOSING:
        return Seam.GLUED
    if below.kind is Kind.CODE:
        return Seam.PARTS if below.after_blank else Seam.LINES
    if below.kind is Kind.TABLE_RULE or above.kind is Kind.TABLE_RULE:
        return Seam.GLUED
    if below.kind is Kind.TABLE_ROW:
        return Seam.PARTS
    if above.kind is Kind.HEADING:
        return Seam.LINES
    if below.kind is Kind.ITEM:
        return _before_item(above, below)
    return _inside_item(above, below) if below.depth else _between_blocks(above, below)


def _before_item(above: Line, below: Line) -> Seam:
    if above.depth or not below.after_blank or above.introduces:
        return Seam(min(Seam.ITEMS + below.depth - 1, Seam.PARTS))
    return Seam.BLOCKS


def _inside_item(above: Line, below: Line) -> Seam:
    return Seam.PARTS if below.after_blank or above.kind is not below.kind else Seam.LINES


def _between_blocks(above: Line, below: Line) -> Seam:
    if below.kind in _STANDS_ALONE:
        return Seam.BLOCKS
    if above.introduces and below.kind is not Kind.TEXT:
        return Seam.ITEMS
    if below.after_blank or above.depth:
        return Seam.BLOCKS
    if above.kind is below.kind:
        return Seam.LINES
    return Seam.ITEMS if below.kind in _OPENS else Seam.BLOCKS
