"""Which emojis say that a reply was good, or not."""

import re
from collections.abc import Iterable
from typing import Final

# Skin tones, the sign for the coloured form, and joiners with what they join: a person is no less glad for them.
_SHADES: Final = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]|\u200d.*")
_GOOD: Final = frozenset("👍❤🧡💛💚💙💜🤎🖤🤍🩷🩵🩶♥💖💕💞💓💗💝😍🥰👏🙏🎉💯👌")
_BAD: Final = frozenset("👎😡🤬😠💩")


def opinion_of(emojis: Iterable[str]) -> int:
    """Return what the first emoji that says something says: 1 good, -1 not good; 0 where none does."""
    for emoji in emojis:
        plain = _SHADES.sub("", emoji)
        if plain in _GOOD or plain in _BAD:
            return 1 if plain in _GOOD else -1
    return 0
