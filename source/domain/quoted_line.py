"""What somebody replies to, as a line before what they say."""

from typing import Final

LONGEST_QUOTE_CHARS: Final = 200


def quote(name: str, text: str) -> str:
    """Return one line that shows what somebody replies to; empty when there is nothing to show."""
    line = " ".join(text.split())
    return f"> {name}: {cut_between_words(line, LONGEST_QUOTE_CHARS)}" if line else ""


def cut_between_words(line: str, limit: int) -> str:
    """Cut a line to so many characters, between words, and say so with an ellipsis."""
    if len(line) <= limit:
        return line
    kept = line[: limit - 1]
    words, space, _ = kept.rpartition(" ")
    return (words if space and len(words) > limit // 2 else kept).rstrip() + "…"
