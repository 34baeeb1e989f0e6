"""By which words people tell who they are, in some common languages; few and precise: what is unsure is left out."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from source.domain.profile_evidence import is_told
from source.domain.profile_fields import EMAIL, PHONE, ProfileField, valid_value
from source.domain.summary_text import clipped, is_question, sentences

_MOST_CHARS: Final = 4_000
_MOST_SENTENCE_CHARS: Final = 400
# Where somebody begins to speak of themself: at the start of a sentence or after a break in it.
_BREAK: Final = re.compile(r"(?i)\s*[,;:—–]\s+|\s+(?:and|und|y|et|e|en|и|but|aber|pero|mais|ma|maar|но)\s+")
_GREETING: Final = (
    r"(?:(?:hi|hello|hey|good\s+\w+|hallo|guten\s+\w+|hola|buen[oa]s\s+\w+|bonjour|salut|ciao|salve|olá|oi|dag|привет)\b[\s!]*)?"
    r"(?:(?:please|bitte|by\s+the\s+way|btw|so|well|yes|ja|sí|oui)\s+)?"
)
_CAPITAL: Final = "A-ZÀ-ÖØ-ÞА-ЯЁ"
_PERSON: Final = (
    rf"(?P<value>[{_CAPITAL}][\w'’-]*"
    rf"(?:\s+(?:(?:de|da|do|di|van|von|der|la|le)\s+){{0,2}}[{_CAPITAL}][\w'’-]*){{0,3}})"
)
_FIRM: Final = (
    rf"(?P<value>[{_CAPITAL}0-9][\w&.'’-]*(?:\s+(?:&\s+|of\s+|für\s+|de\s+)?[{_CAPITAL}0-9&][\w&.'’-]*){{0,4}}?)"
)
# Every lead is written in small letters and found in any.
_NAMED: Final = r"""(?ix:
    my\s+(?:full\s+)?name(?:\s+is|['’]s) | (?:you\s+can\s+)?call\s+me
    | ich\s+hei(?:ß|ss)e | mein\s+name\s+ist | (?:yo\s+)?me\s+llamo | mi\s+nombre\s+es
    | je\s+m['’]appelle | mon\s+nom\s+est | mi\s+chiamo | il\s+mio\s+nome\s+è
    | (?:eu\s+)?me\s+chamo | (?:o\s+)?meu\s+nome\s+é | ik\s+heet | mijn\s+naam\s+is | меня\s+зовут
)"""
_EMPLOYED: Final = r"""(?ix:
    i\s+(?:currently\s+)?work\s+(?:at|for) | i['’]m\s+employed\s+(?:at|by)
    | my\s+(?:company|employer)(?:\s+is(?:\s+called)?|['’]s)
    | (?:ich\s+)?arbeite\s+(?:bei|für)(?:\s+der)? | meine\s+firma\s+(?:ist|heißt)
    | (?:yo\s+)?trabajo\s+(?:en|para) | mi\s+empresa\s+(?:es|se\s+llama)
    | je\s+travaille\s+(?:chez|pour) | mon\s+entreprise\s+(?:est|s['’]appelle)
    | (?:io\s+)?lavoro\s+(?:presso|per) | la\s+mia\s+azienda\s+(?:è|si\s+chiama)
    | (?:eu\s+)?trabalho\s+(?:na|no|para(?:\s+[ao])?) | minha\s+empresa\s+(?:é|se\s+chama)
    | ik\s+werk\s+(?:bij|voor) | mijn\s+bedrijf\s+(?:is|heet)
)"""
_MAILED: Final = r"""(?ix:
    my\s+(?:\w+\s+)?e?-?mail(?:\s+address)?(?:\s+is|['’]s|:)?
    | (?:you\s+can\s+)?(?:reach|e?-?mail|contact|write(?:\s+to)?)\s+me\s+(?:at|on|under|via)
    | meine\s+e?-?mail(?:[- ]?adresse)?(?:\s+(?:ist|lautet)|:)?
    | (?:du\s+erreichst|sie\s+erreichen)\s+mich\s+(?:unter|über)
    | mi\s+(?:correo|e?-?mail)(?:\s+electrónico)?(?:\s+es|:)?
    | mon\s+(?:adresse\s+)?(?:e?-?mail|courriel)(?:\s+est|:)?
    | la\s+mia\s+e?-?mail(?:\s+è|:)? | (?:o\s+)?meu\s+e?-?mail(?:\s+é|:)?
    | mijn\s+e?-?mail(?:adres)?(?:\s+is|:)? | моя\s+(?:электронная\s+)?почта:?
)"""
_CALLED: Final = r"""(?ix:
    my\s+(?:\w+\s+)?(?:phone|number|cell|mobile|telephone)(?:\s+number)?(?:\s+is|['’]s|:)?
    | (?:you\s+can\s+)?(?:reach|call|text|ring)\s+me\s+(?:at|on|under)
    | meine\s+\w*nummer(?:\s+(?:ist|lautet)|:)? | (?:du\s+erreichst|sie\s+erreichen)\s+mich\s+(?:unter|über)
    | mi\s+(?:número|teléfono|móvil|celular)(?:\s+de\s+(?:teléfono|móvil))?(?:\s+es(?:\s+el)?|:)?
    | mon\s+(?:numéro|téléphone|portable)(?:\s+de\s+téléphone)?(?:\s+est(?:\s+le)?|:)?
    | il\s+mio\s+(?:numero|telefono|cellulare)(?:\s+di\s+telefono)?(?:\s+è|:)?
    | (?:o\s+)?meu\s+(?:número|telefone|celular)(?:\s+é|:)?
    | mijn\s+(?:telefoon)?nummer(?:\s+is|:)? | мой\s+(?:номер|телефон):?
)"""
_LIVES: Final = r"""(?ix:
    my\s+(?:\w+\s+)?address(?:\s+is|:) | meine\s+(?:adresse|anschrift)(?:\s+(?:ist|lautet)|:)
    | mi\s+dirección(?:\s+es|:) | mon\s+adresse(?:\s+est|:) | il\s+mio\s+indirizzo(?:\s+è|:)
    | (?:o\s+)?meu\s+endereço(?:\s+é|:) | mijn\s+adres(?:\s+is|:) | мой\s+адрес:?
)"""
_ZONED: Final = r"""(?ix:
    my\s+time\s?zone(?:\s+is|:) | meine\s+zeitzone(?:\s+ist|:) | mi\s+zona\s+horaria(?:\s+es|:)
    | mon\s+fuseau\s+horaire(?:\s+est|:)
)"""


def _at_start(lead: str, value: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?i:{_GREETING})){lead}\s+{value}")


_STARTS: Final[Mapping[ProfileField, re.Pattern[str]]] = {
    ProfileField.NAME: _at_start(_NAMED, _PERSON),
    ProfileField.COMPANY: _at_start(_EMPLOYED, rf"{_FIRM}(?=\.?$|\s*[,;(]|\s+[a-zà-öø-ÿ])"),
    ProfileField.EMAIL: _at_start(_MAILED, rf"(?P<value>{EMAIL.pattern})"),
    ProfileField.PHONE: _at_start(_CALLED, rf"(?P<value>{PHONE.pattern})(?!\d)"),
    ProfileField.TIME_ZONE: _at_start(_ZONED, r"(?P<value>[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?)"),
}
# Commas are part of it, so it is the rest of the sentence.
_ADDRESS: Final = _at_start(_LIVES, r"(?P<value>(?=.*\d).{6,160}?)\s*[.!]?$")
_SIGNS: Final = re.compile(
    r"(?:我叫|我的名字是|私の名前は)\s*(?P<value>[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff·]{2,8}?)(?=です|[，,。.!！]|$)"
)


def told_values(text: str) -> Iterator[tuple[ProfileField, str]]:
    """Yield what somebody tells of themself in a message, in its own words."""
    for sentence in sentences(clipped(text, _MOST_CHARS)):
        if not is_question(sentence):
            for field, found in _in_sentence(sentence[:_MOST_SENTENCE_CHARS]):
                value = valid_value(field, found.rstrip(".,;:!"))
                if value is not None and is_told(field, value, text):
                    yield field, value


def _in_sentence(sentence: str) -> Iterator[tuple[ProfileField, str]]:
    starts = [0, *(match.end() for match in _BREAK.finditer(sentence))]
    for start in starts:
        for field, pattern in _STARTS.items():
            if found := pattern.match(sentence, start):
                yield field, found["value"]
        if found := _ADDRESS.match(sentence, start):
            yield ProfileField.ADDRESS, found["value"]
    if found := _SIGNS.search(sentence):
        yield ProfileField.NAME, found["value"]
