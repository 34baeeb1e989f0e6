"""Takes what repeats somebody's words out of summaries, line by line."""

from collections.abc import Callable, Iterable
from typing import Final

from source.domain.carried import begun_with, known_in, summary_in

Says = Callable[[str], bool]

_HEADING: Final = ":"


def unquoted(text: str, says: Says) -> str:
    """Return a summary, or a carried text, without the lines that say it; nothing where the rest together still does.

    A heading with nothing left under it goes as well.
    """
    if not says(text):
        return text
    left = begun_with(["\n".join(_left(known_in(text), says))], "\n".join(_left(summary_in(text).splitlines(), says)))
    return "" if says(left) else left


def _left(lines: Iterable[str], says: Says) -> list[str]:
    left: list[str] = []
    under_heading = under_day = False
    for line in reversed([each for each in lines if not says(each)]):
        if line.endswith(_HEADING):
            if under_heading:
                left.append(line)
            under_heading = under_day = False
        elif line.startswith("[") and line.endswith("]"):
            if under_day:
                left.append(line)
            under_day = False
        else:
            left.append(line)
            is_said = bool(line.strip())
            under_heading, under_day = under_heading or is_said, under_day or is_said
    return left[::-1]
