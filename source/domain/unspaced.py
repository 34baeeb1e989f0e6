"""Scripts in which a word is not told by the spaces around it."""

from typing import Final

# Written without spaces, or with endings joined to the word that no stemmer here knows:
# Thai, Lao, Burmese, Khmer, kana, CJK ideographs, Hangul.
UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Their characters, as a regular expression has them between brackets."""
