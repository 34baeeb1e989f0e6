"""Whether what somebody says asks about the past, or about what is known of people."""

import re
from collections.abc import Iterable
from typing import Final

from source.domain.recall.question import COMMON, capitals_inside
from source.domain.recall.terms import folded, words_of
from source.domain.stop_words import FIRST_PERSON

_MOST_CHARACTERS: Final = 2_000
# What nobody says but of what was before.
_OF_THE_PAST: Final = re.compile(
    r"\b(remember|recall|remind me|last time|the other day|earlier you|previously|as i (said|told)|"
    r"(did|have|had) (i|we|you|he|she|they) (ever )?(say|said|tell|told|mention|mentioned|talk|talked|ask|asked|"
    r"recommend|recommended|suggest|suggested|agree|agreed|decide|decided|discuss|discussed|promise|promised)|"
    r"(i|you|we) (said|told|mentioned|recommended|suggested|agreed|talked|discussed|decided|promised)|"
    r"what was (it|that|the name|his name|her name)|"
    r"erinner\w*|weisst du noch|letztes mal|hab(e|en) (ich|wir) (dir |euch )?(gesagt|erzahlt)|"
    r"te souviens|tu te rappelles|la derniere fois|(j'ai|tu as|nous avons) (dit|parle)|"
    r"recuerdas|te acuerdas|la ultima vez|(dije|dijiste|hablamos)|"
    r"ti ricordi|ricordi|l'ultima volta|(avevo|ho|hai|abbiamo) detto|"
    r"lembra(s|r)?|da ultima vez|(eu|voce) (disse|falou)|"
    r"weet je nog|vorige keer)\b"
)
_OF_THE_PAST_SIGNS: Final = (
    "记得",
    "記得",
    "上次",
    "之前",
    "覚えて",
    "前回",
    "この前",
    "기억",
    "지난번",
    "помнишь",
    "прошлый раз",
)
_ASKS: Final = re.compile(
    r"^(so |and |hey |hi |ok |echo,? )?(what|when|where|which|who|whose|why|how|did|was|were|has|have|had|is|are|do|"
    r"does|wann|wo|wer|welche\w*|wie|warum|quand|ou|qui|quel\w*|comment|que|cuando|donde|quien|cual|como|"
    r"che|cosa|quando|dove|chi|quale|o que|onde|quem|qual|wat|wanneer|waar|wie)\b"
)
_PAST: Final = re.compile(r"\b(did|was|were|had|has|have|been|went|said|ago|yesterday|last|before|ever)\b")


def asks_for_memory(text: str, names: Iterable[str] = ()) -> bool:
    """Whether an answer needs what was said before: of the past, of the one who asks, or of somebody named.

    `names` are those of people whom Echo knows in this place.
    """
    text = text[:_MOST_CHARACTERS]
    plain = folded(text).strip()
    if _OF_THE_PAST.search(plain) or any(sign in plain for sign in _OF_THE_PAST_SIGNS):
        return True
    if "?" not in plain and "？" not in plain and not _ASKS.match(plain):
        return False
    words = set(words_of(plain))
    if not FIRST_PERSON.isdisjoint(words) and _PAST.search(plain):
        return True
    naming = words - COMMON | capitals_inside(text)
    return any(part in naming for name in names for part in words_of(name) if len(part) > 1)
