"""Places to cut inside a line."""

import re
from collections.abc import Iterator

from source.domain.reply_text.lines import Kind, Line
from source.domain.reply_text.seams import Seam

# Spaces that hold two words together are no place to cut.
_SPACE = re.compile(r"[^\S\u00a0\u2007\u202f]+")
# Latin, Cyrillic, Arabic and Indic sentences end before a space, not after an initial; Chinese and Japanese anywhere.
_SENTENCE_END = re.compile(r"(?<![.!?…؟۔।])(?<!\b\w)[.!?…؟۔।]++[\"'”’»)\]*_~|]*(?=\s)|[。！？｡]+[」』”）]*")
_CLAUSE_END = re.compile(r"[、，；：]+")
_BACKTICKS = re.compile(r"`+")
_LINK = re.compile(r"!?\[[^\[\]]*\]\([^()]*(?:\([^()]*\)[^()]*)?\)|<https?:[^<>\s]*>")
_EMPHASIS = re.compile(r"(?<![\w*_~|\\])(\*{1,3}|_{1,3}|~~|\|\|)(?=[^\s*_~|]).{1,300}?(?<=\S)\1(?![\w*_~|])")


def seams_in(line: Line) -> Iterator[tuple[int, Seam]]:
    """Yield the places in `line` where a sentence or a word ends, counted from its start, in order."""
    text = line.text
    if line.kind is Kind.CODE:
        yield from ((found.start(), Seam.WORDS) for found in _SPACE.finditer(text))
        return
    marked = _marked(text)
    sentences = {found.end() for found in _SENTENCE_END.finditer(text)}
    words = {found.start() for found in _SPACE.finditer(text)} | {found.end() for found in _CLAUSE_END.finditer(text)}
    for at in sorted(words | sentences):
        if at < len(text):
            if marked[at]:
                yield at, Seam.MARKED_WORDS
            elif at in sentences and not text[at:].lstrip()[:1].islower():
                yield at, Seam.SENTENCES
            else:
                yield at, Seam.WORDS


def _marked(text: str) -> bytearray:
    """Return which places of `text` are inside code, a link or emphasis."""
    marked = bytearray(len(text) + 1)
    for start, end in _spans(text):
        marked[start + 1 : end] = b"\x01" * (end - start - 1)
    return marked


def _spans(text: str) -> Iterator[tuple[int, int]]:
    yield from _code_spans(text)
    for pattern in (_LINK, _EMPHASIS):
        yield from (found.span() for found in pattern.finditer(text))


def _code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Pair each run of backticks with the next one as long."""
    runs = [found.span() for found in _BACKTICKS.finditer(text)]
    after: dict[int, int] = {}
    closing: dict[int, int] = {}
    for start, end in reversed(runs):
        if end - start in after:
            closing[start] = after[end - start]
        after[end - start] = end
    done = 0
    for start, _ in runs:
        if start >= done and start in closing:
            done = closing[start]
            yield start, done
