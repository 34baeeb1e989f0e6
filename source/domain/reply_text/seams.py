"""How good a place between two lines is to cut."""

from enum import IntEnum

from source.domain.reply_text.chunk import Room
from source.domain.reply_text.lines import Kind, Line


class Seam(IntEnum):
    """What a cut goes between; the best first."""

    BLOCKS = 0
    # Behind a heading or a sentence that announces what follows: only if that stays whole for it.
    INTRODUCTION = 1
    ITEMS = 2
    NESTED_ITEMS = 3
    PARTS_OF_ITEM = 4
    ROWS = 5
    LINES = 6
    SENTENCES = 7
    WORDS = 8
    MARKED_WORDS = 9
    CLUSTERS = 10
    # Only when nothing else is left: behind a fence's opening line, before its closing one.
    GLUED = 11


_INTRODUCED = (Kind.FENCE_OPENING, Kind.TABLE_HEAD, Kind.ITEM)


def seam_between(above: Line, below: Line, room: Room) -> Seam:
    """Return what a cut between two successive lines goes between."""
    if above.kind is Kind.FENCE_OPENING or below.kind is Kind.FENCE_CLOSING:
        return Seam.GLUED
    if below.kind is Kind.CODE:
        return Seam.ROWS if below.after_blank else Seam.LINES
    if below.kind is Kind.TABLE_RULE or above.kind is Kind.TABLE_RULE:
        return Seam.GLUED
    if below.kind is Kind.TABLE_ROW:
        return Seam.ROWS
    if above.kind is Kind.HEADING:
        return Seam.LINES if below.kind is Kind.TEXT and not below.after_blank else Seam.INTRODUCTION
    if above.depth and below.kind is Kind.ITEM:
        return Seam(min(Seam.ITEMS + below.depth - 1, Seam.PARTS_OF_ITEM))
    if below.kind is not Kind.ITEM and below.depth:
        return _inside_item(above, below)
    return _between_blocks(above, below, room)


def _inside_item(above: Line, below: Line) -> Seam:
    return Seam.PARTS_OF_ITEM if below.after_blank or above.kind is not below.kind else Seam.LINES


def _between_blocks(above: Line, below: Line, room: Room) -> Seam:
    if above.introduces(room) and below.kind not in (Kind.TEXT, above.kind):
        return Seam.INTRODUCTION
    if below.after_blank or above.depth:
        return Seam.BLOCKS
    if above.kind is below.kind:
        return Seam.LINES
    return Seam.INTRODUCTION if below.kind in _INTRODUCED else Seam.BLOCKS
