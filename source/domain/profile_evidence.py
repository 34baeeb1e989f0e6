"""Whether a message shows a value of a profile: it has the value in it, said by the person of themself."""

import re
from typing import Final

from source.domain.language_names import language_names
from source.domain.profile_fields import ProfileField, digits_of
from source.domain.stop_words import FIRST_PERSON, FIRST_PERSON_SIGNS
from source.domain.summary_text import one_line, sentences, words

# An answer to a question, or a card of one's own, needs no "my".
_SHORT_ANSWER_WORDS: Final = 8
# Scripts that are written with spaces: in them a value begins and ends where a word does.
_SPACED: Final = "0-9A-Za-z\u00c0-\u024f\u0370-\u052f\u0590-\u06ff"
_GAP: Final = r"[\s().\-/–‑]{0,3}"
_OTHERS: Final = re.compile(
    r"""(?ix)
    \b(?:his|her|their|your|(?:my|our)\s+(?:\w+\s+)?(?:wife|husband|partner|boyfriend|girlfriend|son|daughter|child
        |brother|sister|mother|father|mom|mum|dad|friend|boss|colleague|neighbou?r|doctor|lawyer|landlord|assistant
        |client|customer))\b
    | \b(?:sein|ihr|dein|euer)(?:e[nmrs]?)?\b
    | \b(?:meine?r?|unsere?r?)\s+(?:\w+\s+)?(?:frau|mann|partner(?:in)?|freund(?:in)?|sohn|tochter|bruder|schwester
        |mutter|vater|chef(?:in)?|kolleg(?:e|in)|nachbar(?:in)?|arzt|ärztin|anwalt|anwältin)\b
    | \b(?:su|tu|vuestro)\b
    | \bmi\s+(?:mujer|esposa|marido|esposo|pareja|novi[oa]|hij[oa]|herman[oa]|madre|padre|amig[oa]|jef[ea])\b
    | \b(?:son|sa|ton|ta|votre)\s+(?:nom|adresse|e-?mail|numéro|téléphone|entreprise)\b
    | \b(?:ma|mon)\s+(?:femme|mari|fils|fille|frère|sœur|mère|père|amie?|chef|patron|collègue)\b
    | \b(?:suo|sua|tuo|tua)\b
    | \bmi[oa]\s+(?:moglie|marito|figli[oa]|fratello|sorella|madre|padre|amic[oa]|capo)\b
    | \b(?:seu|dele|dela)\b
    | \b(?:minha|meu)\s+(?:mulher|esposa|marido|filh[oa]|irmão?|irmã|mãe|pai|amig[oa]|chefe)\b
    | \b(?:zijn|haar|jouw|uw)\s+(?:naam|adres|e-?mail|nummer|bedrijf)\b
    | \bmijn\s+(?:vrouw|man|zoon|dochter|broer|zus|moeder|vader|vriend(?:in)?|baas)\b
    | \b(?:его|её|ее|твой|ваш|мой\s+(?:муж|сын|брат|отец|друг|начальник)|моя\s+(?:жена|дочь|сестра|мать|подруга))\b
    """
)
_SAYING: Final = re.compile(
    r"""(?ix)
    \b(?:he|she|they|who)\s+(?:says?|said|wrote|told|asked)\b | \b(?:er|sie)\s+(?:sagte?|schrieb)\b
    | \b(?:dijo|dice|a\s+dit|ha\s+detto|disse|zei)\b
    """
)


def is_told(field: str, value: str, text: str) -> bool:
    """Whether a message by a person gives this value as their own.

    It can refute what was made up or is of somebody else; it cannot prove what was misunderstood.
    """
    said = sentences(text)
    holding = [sentence for sentence in said if has_value(field, value, sentence)]
    if not holding and has_value(field, value, one_line(text)):  # an address over two lines
        return len(words(text)) <= 4 * _SHORT_ANSWER_WORDS and not _is_of_others(text)
    return any(_is_own(sentence, has_lead=len(said) > 1) for sentence in holding)


def has_value(field: str, value: str, text: str) -> bool:
    """Whether the value, or what it is called plainly, is in a text."""
    match field:
        case ProfileField.PHONE:
            return _has_digits(digits_of(value), text)
        case ProfileField.LANGUAGE:
            return any(_has(name, text) for name in language_names(value))
        case ProfileField.TIME_ZONE:
            return _has(value, text) or _has(value.rpartition("/")[2].replace("_", " "), text)
    return _has(value, text)


def _is_own(sentence: str, *, has_lead: bool) -> bool:
    if _is_of_others(sentence):
        return False
    found = words(sentence)
    is_first_person = not FIRST_PERSON.isdisjoint(found) or any(sign in sentence for sign in FIRST_PERSON_SIGNS)
    # "Ann Lee. ann@example.org." answers a question; "Try info@example.org." does not say whose it is.
    return is_first_person or (len(found) <= _SHORT_ANSWER_WORDS and (not has_lead or _is_bare(found)))


def _is_bare(found: list[str]) -> bool:
    return len(found) <= _SHORT_ANSWER_WORDS // 2


def _is_of_others(sentence: str) -> bool:
    return bool(_OTHERS.search(sentence) or _SAYING.search(sentence))


def _has(value: str, text: str) -> bool:
    wanted, said = value.casefold(), text.casefold()
    before = rf"(?<![{_SPACED}])" if re.match(f"[{_SPACED}]", wanted) else ""
    after = rf"(?![{_SPACED}])" if re.match(f"[{_SPACED}]", wanted[-1:]) else ""
    return bool(wanted) and re.search(before + re.escape(wanted) + after, said) is not None


def _has_digits(digits: str, text: str) -> bool:
    wanted = _GAP.join(digits)
    return bool(digits) and re.search(rf"(?<!\d){wanted}(?!\d)", text) is not None
