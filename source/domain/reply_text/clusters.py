"""Characters as people see them: grapheme clusters, never cut while there is another way."""

import re
from itertools import accumulate

from wcwidth import iter_graphemes

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def cluster_ends(text: str) -> set[int]:
    """Return every index of `text` that ends a grapheme cluster."""
    if text.isascii():
        ends = set(range(1, len(text) + 1))
        ends.difference_update(found.end() - 1 for found in re.finditer("\r\n", text))
        return ends
    ends = set(accumulate(map(len, iter_graphemes(text))))
    # The halves of a pair that came as two characters are one all the same.
    ends.difference_update(found.start() + 1 for found in _PAIR.finditer(text))
    return ends


def is_inside_pair(text: str, at: int) -> bool:
    """Whether `at` is between the halves of a surrogate pair that came as two characters."""
    return _PAIR.match(text, at - 1) is not None
