"""The mood of a text by the words that show it: a rough guess, for where nothing better is at hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from source.domain.metadata import Sentiment
from source.domain.summary_text import clipped, words

# What is read of a long text: its mood shows at its beginning or at its end.
READ_CHARS: Final = 2_000
# "not at all good", "gar nicht so gut": so many words may stand between.
_NEGATION_REACHES: Final = 3


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Of one language, words of good and bad mood, words that turn them round, and words that give it away."""

    good: frozenset[str]
    bad: frozenset[str]
    negations: frozenset[str]
    signs: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOCABULARIES: Final[Mapping[str, Vocabulary]] = {
    "en": Vocabulary(
        good=_words(
            "good great excellent awesome amazing perfect wonderful fantastic lovely love loved like thanks thank"
            " happy glad nice helpful pleased brilliant best enjoy enjoyed"
        ),
        bad=_words(
            "bad terrible awful horrible worst hate angry broken disappointed disappointing unacceptable useless"
            " annoying annoyed frustrated frustrating sad unhappy poor rude problem problems complaint wrong"
        ),
        negations=_words("not no never don didn doesn isn wasn aren won cannot without hardly"),
        signs=_words(
            "the is are was were have has had do does did you your my we they this that these with for and but not"
            " can could would will what when where how please it i to of in on at be been me"
        ),
    ),
    "de": Vocabulary(
        good=_words(
            "gut gute guten guter gutes super toll tolle toller großartig klasse perfekt wunderbar freue freut danke"
            " dankeschön zufrieden schön schöne prima spitze begeistert lieb nett freundlich hilfreich liebe gerne"
            " ausgezeichnet"
        ),
        bad=_words(
            "schlecht schlechte schlechter furchtbar schrecklich ärgerlich ärgert wütend sauer kaputt enttäuscht"
            " enttäuschend unverschämt unverschämtheit katastrophe nervt mangelhaft traurig leider problem probleme"
            " beschwerde falsch unfreundlich hasse inakzeptabel"
        ),
        negations=_words("nicht kein keine keinen keiner nie niemals ohne kaum"),
        signs=_words(
            "der die das den dem des ein eine einen ich du sie wir ihr mir mich ist sind war und oder aber nicht mit"
            " für auf bei zu zum zur von wie was wann wo kann können bitte habe haben hat noch auch es im nach ja nein"
        ),
    ),
    "es": Vocabulary(
        good=_words(
            "bien bueno buena buenos buenas genial excelente perfecto perfecta maravilloso maravillosa encanta encantó"
            " encantado encantada gracias feliz contento contenta estupendo estupenda increíble amable satisfecho"
            " satisfecha útil mejor"
        ),
        bad=_words(
            "mal malo mala terrible horrible fatal pésimo pésima odio enfadado enfadada enojado enojada roto rota"
            " decepcionado decepcionada inaceptable triste problema problemas queja molesto molesta peor vergüenza"
            " inútil"
        ),
        negations=_words("no nunca sin jamás tampoco"),
        signs=_words(
            "el la los las un una unos que de del en es son está están y o pero no con para por como cuando donde qué"
            " cómo cuánto mi tu su yo me se lo le al muy hola quiero puedo tengo hay esto este esta"
        ),
    ),
}
# Words of one of these languages alone; a short text may have no other.
_FOREIGN_SIGNS: Final = _words("le les des est une je vous avec pas pour il che non sono com não uma het een niet ik")
_GLAD: Final = frozenset("😀😃😄😁😊🙂😍🥰😘👍❤💖🎉🙏👏💯🤩😂")
_CROSS: Final = frozenset("😠😡🤬😢😭😞😟🙁☹👎💔😤😩")


def language_of(text: str) -> str | None:
    """Return the language whose small words a text has most of, of those that have a vocabulary here."""
    found = words(clipped(text, READ_CHARS))
    counts = {name: sum(word in known.signs for word in found) for name, known in VOCABULARIES.items()}
    best = max(counts, key=lambda name: counts[name])
    others = [count for name, count in counts.items() if name != best]
    foreign = sum(word in _FOREIGN_SIGNS for word in found)
    is_clear = counts[best] > max(*others, foreign)
    return best if is_clear else None


def mood_by_words(text: str, language: str | None) -> Sentiment | None:
    """Return the mood that words and faces show; None where neither is known."""
    shown = clipped(text, READ_CHARS)
    good = any(sign in _GLAD for sign in shown)
    bad = any(sign in _CROSS for sign in shown)
    known = VOCABULARIES.get(language or "")
    if known is not None:
        by_words = _moods(words(shown), known)
        good, bad = good or True in by_words, bad or False in by_words
    if good or bad:
        return Sentiment.MIXED if good and bad else Sentiment.POSITIVE if good else Sentiment.NEGATIVE
    return Sentiment.NEUTRAL if known is not None else None


def _moods(found: list[str], known: Vocabulary) -> set[bool]:
    """Return which moods the words show: True is good."""
    moods = set()
    for place, word in enumerate(found):
        if word in known.good or word in known.bad:
            before = found[max(0, place - _NEGATION_REACHES) : place]
            moods.add((word in known.good) is known.negations.isdisjoint(before))
    return moods
