"""What a new conversation begins with: what is known of the person, then the summary of the last conversation."""

from collections.abc import Iterator, Sequence
from typing import Final

# Part of what is stored: whoever changes it must still read the old one.
_KNOWN: Final = "Known from earlier conversations:"
_BETWEEN: Final = "\n\n"
_BULLETS: Final = "-–•* \t"


def begun_with(parts: Sequence[str], summary: str) -> str:
    """Return the carried text of these parts, in this order, and a summary; no line says again what another says."""
    said = {_bare(line) for line in summary.splitlines()}
    known = [line for part in parts for line in _new_lines(part, said)]
    texts = ("\n".join((_KNOWN, *known)) if known else "", summary)
    return _BETWEEN.join(text for text in texts if text)


def summary_in(carried: str) -> str:
    """Return what of a carried text is the summary: what is known of a person is looked up anew every time."""
    return carried.partition(_BETWEEN)[2] if _has_known(carried) else carried


def known_in(carried: str) -> tuple[str, ...]:
    """Return the lines of a carried text that tell what is known of the person."""
    return tuple(carried.partition(_BETWEEN)[0].splitlines()[1:]) if _has_known(carried) else ()


def _has_known(carried: str) -> bool:
    return carried == _KNOWN or carried.startswith(f"{_KNOWN}\n")


def _new_lines(part: str, said: set[str]) -> Iterator[str]:
    """Yield the lines of a part that nothing before them says; none of them is empty."""
    for line in part.splitlines():
        bare = _bare(line)
        if bare and bare not in said:
            said.add(bare)
            yield line.rstrip()


def _bare(line: str) -> str:
    """Return what a line says, whatever the form."""
    return " ".join(line.strip(_BULLETS).casefold().rstrip(" .!").split())
