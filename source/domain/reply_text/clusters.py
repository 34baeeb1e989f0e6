"""Characters as people see them: grapheme clusters."""

import re
from itertools import accumulate

from wcwidth import iter_graphemes

_SPACE = re.compile(r"\s+")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def visible_ends(text: str) -> set[int]:
    """Return every index behind a visible character of `text` where a cut goes through none."""
    if text.isascii():
        ends = set(range(1, len(text) + 1))
    else:
        ends = set(accumulate(map(len, iter_graphemes(text))))
        # The halves of a surrogate pair that came as two characters are one all the same.
        ends.difference_update(found.start() + 1 for found in _PAIR.finditer(text))
    for space in _SPACE.finditer(text):
        ends.difference_update(range(space.start() + 1, space.end() + 1))
        # Some signs form a cluster with the space behind them; a cut may take that away.
        ends.add(space.start())
    return ends - {0}
