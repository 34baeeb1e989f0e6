"""Text cut into lines, sentences and words, whatever its language."""

import re
from collections.abc import Sequence

from source.domain.message_text import storable
from source.domain.stop_words import FIRST_PERSON, FIRST_PERSON_SIGNS

_SPACE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Latin, Cyrillic, Arabic and Indic sentences end before a space, not after an initial; Chinese and Japanese anywhere.
_SENTENCE_END = re.compile(
    r"(?<=[.!?…؟۔।])(?<!\b\w\.)[\"'”’»)\]]*\s+|(?<=[。！？｡])(?![」』”）。！？])|(?<=[。！？][」』”）])|[\r\n]+"
)
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_CJK_WORD = re.compile(rf"[{_CJK}]")
_ELLIPSIS = "…"


def size_of(text: str) -> int:
    """UTF-8 length of `text` in bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def one_line(text: str) -> str:
    """Return `text` storable and without breaks, so that nothing in it can pass for a line of ours."""
    if text.isprintable() and "  " not in text:  # as nearly all is: several times as fast
        return text.strip()
    return _SPACE_OR_CONTROL.sub(" ", storable(text)).strip()


def shortened(text: str, max_bytes: int) -> str:
    """Return `text` if it fits, else its beginning up to a word's end and an ellipsis."""
    if size_of(text) <= max_bytes:
        return text
    kept = _beginning(text, max_bytes - size_of(_ELLIPSIS))
    space = kept.rfind(" ")
    kept = (kept[:space] if space > len(kept) // 2 else kept).rstrip(" ,;:—-")
    return kept + _ELLIPSIS if kept else ""


def without_middle(text: str, max_bytes: int) -> str:
    """Return `text` if it fits, else its first two thirds and its end around an ellipsis."""
    if size_of(text) <= max_bytes:
        return text
    room = max_bytes - size_of(_ELLIPSIS) - 2
    if room <= 0:
        return ""
    end = text.encode("utf-8", "surrogatepass")[-(room // 3) :].decode("utf-8", "ignore") if room >= 3 else ""
    return f"{_beginning(text, room - room // 3)} {_ELLIPSIS} {end}"


def clipped(text: str, max_chars: int) -> str:
    """Return both ends of a long text without reading all of it."""
    if len(text) <= max_chars:
        return text
    tail = max_chars // 3
    return f"{text[: max_chars - tail]}{_ELLIPSIS}\n{_ELLIPSIS}{text[len(text) - tail :]}"


def sentences(text: str) -> list[str]:
    """Split `text` at sentence ends and line breaks; each sentence is one line."""
    found = (one_line(part) for part in _SENTENCE_END.split(text))
    return [sentence for sentence in found if sentence]


def words(text: str) -> list[str]:
    """Return the words in lower case; runs of Chinese or Japanese as overlapping pairs of signs."""
    found: list[str] = []
    for word in WORD.findall(text.casefold()):
        if len(word) > 2 and _CJK_WORD.match(word):
            found += (word[at : at + 2] for at in range(len(word) - 1))
        else:
            found.append(word)
    return found


def is_question(text: str) -> bool:
    """Whether `text` ends with a question mark of any script, quoted or not."""
    return text.rstrip("\"'”’»)」』 ").endswith(("?", "？", "؟", ";"))


def telling_weight(text: str) -> float:
    """Return how much numbers, names and the first person make of a sentence: 1 when it has none of them."""
    first_person = not FIRST_PERSON.isdisjoint(words(text)) or any(sign in text for sign in FIRST_PERSON_SIGNS)
    has_digit = any(sign.isdigit() for sign in text)
    # A capital inside the sentence: a name, or a German noun, which tells as much.
    has_name = any(word[:1].isupper() and len(word) > 1 for word in text.split()[1:])
    return (1.25 if first_person else 1.0) * (1.3 if has_digit else 1.0) * (1.15 if has_name else 1.0)


def fair_share(sizes: Sequence[int], total: int) -> int:
    """Return the largest cap under which all of `sizes` together are at most `total`."""
    left = total
    for taken, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - taken)
        if size > share:
            return max(0, share)
        left -= size
    return max(sizes, default=0)


def _beginning(text: str, max_bytes: int) -> str:
    return text.encode("utf-8", "surrogatepass")[: max(0, max_bytes)].decode("utf-8", "ignore")
