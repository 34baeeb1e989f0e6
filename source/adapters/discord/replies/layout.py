"""A reply's text as messages: while it comes, and in the end."""

import asyncio
from collections.abc import Sequence
from typing import Final

from source.adapters.discord.replies.look import Buttons, Look
from source.domain.reply_text import ReplySplitter, split, utf16_length

# Discord: 2,000 characters a message.
LIMIT: Final = 2_000
# Longer replies hang on as a file: nobody reads this much in a chat.
MOST_MESSAGES: Final = 8
CUT: Final = "-# (stopped before its end)"
_GOES_ON: Final = "-# This goes on for longer than a chat can show; the whole of it follows as a file."
_WHOLE: Final = "-# The whole answer is in this file."
_WHOLE_CUT: Final = "-# The answer, which was stopped before its end, is in this file."


class LiveText:
    """What has come of a reply so far, with a Stop button under the last of its messages."""

    def __init__(self) -> None:
        self._splitter = ReplySplitter(LIMIT)
        self._is_full = False

    def feed(self, delta: str) -> None:
        """Take the next piece; what is too long to be shown live is not kept."""
        if not self._is_full:
            self._splitter.feed(delta)
            self._is_full = len(self._splitter.done) > MOST_MESSAGES

    def looks(self) -> list[Look]:
        """Return the messages as they should be now; none before there is anything to see."""
        texts = [chunk.text for chunk in (*self._splitter.done, *self._splitter.open)]
        if len(texts) > MOST_MESSAGES:
            texts = [*texts[:MOST_MESSAGES], _GOES_ON]
        looks = [Look(text) for text in texts]
        return [*looks[:-1], Look(looks[-1].content, Buttons.STOP)] if looks else []


async def final_looks(text: str, *, is_cut: bool, may_attach: bool = True) -> list[Look]:
    """Return the messages of a whole reply, with what can be done about it under the last; none for no text."""
    texts = await _cut_up(text, most=MOST_MESSAGES if may_attach else len(text))
    if len(texts) > MOST_MESSAGES and may_attach:
        end = Look(_WHOLE_CUT if is_cut else _WHOLE, Buttons.JUDGE, text, is_cut=is_cut)
        return [*_plain(texts[:MOST_MESSAGES]), end]
    if is_cut:
        texts = with_cut(texts)
    return [*_plain(texts[:-1]), Look(texts[-1], Buttons.JUDGE, is_cut=is_cut)] if texts else []


def with_cut(texts: Sequence[str]) -> list[str]:
    """Say in the last message, or in one of its own if there is no room, that the rest is missing."""
    if texts and utf16_length(texts[-1]) + 1 + len(CUT) <= LIMIT:
        return [*texts[:-1], f"{texts[-1]}\n{CUT}"]
    return [*texts, CUT]


def small(line: str) -> str:
    """Return a notice as small print; empty when it says nothing."""
    lines = "\n".join(f"-# {each}" for each in line.splitlines() if each.strip())
    return split(lines, LIMIT)[0].text if lines else ""


def plain(sentence: str) -> str:
    """Return a sentence as one message; empty when it says nothing."""
    chunks = split(sentence, LIMIT)
    return chunks[0].text if chunks else ""


async def _cut_up(text: str, *, most: int) -> list[str]:
    """Return the messages of a text: all of them, or of a longer one some more than `most`."""
    splitter = ReplySplitter(LIMIT)
    for start in range(0, len(text), LIMIT):
        splitter.feed(text[start : start + LIMIT])
        if len(splitter.done) > most:
            break
        await asyncio.sleep(0)  # an odd text takes long to cut, and others are waiting
    return [chunk.text for chunk in splitter.finish()]


def _plain(texts: Sequence[str]) -> list[Look]:
    return [Look(text) for text in texts]
