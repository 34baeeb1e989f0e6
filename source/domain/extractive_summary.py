"""A summary without a model: the most telling sentences, quoted word for word."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from source.domain.message import Message
from source.domain.stop_words import STOP_WORDS
from source.domain.summary import (
    PointKind,
    Summary,
    SummaryPoint,
    SummarySource,
    fitting,
    render,
    room_in,
    short_title,
)
from source.domain.summary_material import SummaryMaterial, day_of, ranked_earlier, speaker_of
from source.domain.summary_text import (
    WORD,
    clipped,
    fair_share,
    is_question,
    sentences,
    shortened,
    telling_weight,
    words,
)

# A bounded part of a long conversation is looked at: how it began and how it went on last.
_FIRST_MESSAGES = 20
_LAST_MESSAGES = 380
_MOST_CHARS = 60_000
_CANDIDATES = 200
_QUOTED_BYTES = 300
_LEAST_QUOTED_BYTES = 40
# A sentence of which less than this is new says again what is quoted already.
_LEAST_NEW_SHARE = 0.25
# When new excerpts want all the room, earlier points keep this part of it.
_EARLIER_PART = 3
_TITLE_CHARS_READ = 600
_TITLE_MESSAGES = 5
# Fewer words of content than this are mostly courtesy.
_TELLING_WORDS = 3


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence; `order` counts sentences, `place` the messages looked at, `words` are those that tell something."""

    order: int
    place: int
    message: Message
    text: str
    words: frozenset[str]

    @property
    def is_question(self) -> bool:
        return is_question(self.text)


def extractive_summary(material: SummaryMaterial, *, max_bytes: int, include_client: bool) -> Summary:
    """Quote what tells most, no longer than `max_bytes`; earlier points keep a third, and what the new ones leave."""
    earlier = [point for point in material.earlier if include_client or point.kind is not PointKind.PERSON]
    heading = material.occasion.heading(SummarySource.EXTRACTIVE)
    room = room_in(heading, max_bytes, has_before=bool(earlier))
    ranked = [replace(point, text=shortened(point.text, room // 4)) for point in ranked_earlier(earlier)]
    kept = fitting(ranked, room // _EARLIER_PART)
    quoted = _quoted(material, room - _size(kept), longest=min(_QUOTED_BYTES, max_bytes // 3))
    kept = fitting([*kept, *(point for point in ranked if point not in kept)], room - _size(quoted))
    before = sorted(kept, key=lambda point: point.said_on or date.min)
    return Summary(
        title_of(material.messages),
        render(heading, quoted, before=before),
        SummarySource.EXTRACTIVE,
        (*quoted, *before),
    )


def most_telling(messages: Sequence[Message], count: int) -> list[Message]:
    """Return the `count` chat messages with the most telling sentences, in order."""
    looked_at = _looked_at(messages)
    best: dict[int, float] = {}
    for sentence, score in _scored(_split([messages[place] for place in looked_at]), []):
        best[sentence.place] = max(score, best.get(sentence.place, 0.0))
    chosen = sorted(best, key=lambda place: (-best[place], -place))[:count]
    return [messages[looked_at[place]] for place in sorted(chosen)]


def title_of(messages: Sequence[Message]) -> str:
    """Return the salient words of the first thing with enough of them that a person said; Echo's if no person spoke."""
    spoken = [message for message in messages if message.is_from_person] or list(messages)
    said = [
        text for message in spoken[:_TITLE_MESSAGES] for text in sentences(message.message_content[:_TITLE_CHARS_READ])
    ]
    telling = max(said, key=lambda text: min(_TELLING_WORDS, len(_content(text))), default="")
    title = short_title(_salient_span(telling))
    return title[:1].upper() + title[1:]


def _size(points: Sequence[SummaryPoint]) -> int:
    return sum(point.size_bytes for point in points)


def _quoted(material: SummaryMaterial, max_bytes: int, *, longest: int) -> list[SummaryPoint]:
    """Choose sentences one by one, each for what the chosen ones do not tell yet."""
    messages = [material.messages[place] for place in _looked_at(material.messages)]
    scored = _scored(_split(messages), [words(point.text) for point in material.earlier])
    candidates = sorted(scored, key=lambda each: -each[1])[:_CANDIDATES]
    chosen: list[tuple[int, SummaryPoint]] = []
    told: set[str] = set()
    while candidates and max_bytes >= _LEAST_QUOTED_BYTES:
        at = max(range(len(candidates)), key=lambda index: _worth_adding(*candidates[index], told))
        sentence, _ = candidates.pop(at)
        point = _excerpt(sentence, material.people, longest)
        if point.size_bytes <= max_bytes and _new_share(sentence, told) > _LEAST_NEW_SHARE:
            max_bytes -= point.size_bytes
            told |= sentence.words
            chosen.append((sentence.order, point))
    return [point for _, point in sorted(chosen, key=lambda each: each[0])]


def _worth_adding(sentence: _Sentence, score: float, told: set[str]) -> float:
    return score * _new_share(sentence, told)


def _new_share(sentence: _Sentence, told: set[str]) -> float:
    return len(sentence.words - told) / len(sentence.words)


def _excerpt(sentence: _Sentence, people: Mapping[str, str], longest: int) -> SummaryPoint:
    message = sentence.message
    text = shortened(sentence.text.replace("“", '"').replace("”", '"'), longest)
    return SummaryPoint(
        PointKind.EXCERPT, text, day_of(message), (message.message_id,), speaker=speaker_of(message, people)
    )


def _looked_at(messages: Sequence[Message]) -> list[int]:
    """Return the places of the messages that are read at all."""
    if len(messages) <= _FIRST_MESSAGES + _LAST_MESSAGES:
        return list(range(len(messages)))
    return [*range(_FIRST_MESSAGES), *range(len(messages) - _LAST_MESSAGES, len(messages))]


def _split(messages: Sequence[Message]) -> list[_Sentence]:
    """Return the sentences that have a word of content, or all when none has; long messages give their ends."""
    cap = fair_share([len(message.message_content) for message in messages], _MOST_CHARS)
    said = [
        (place, message, text, frozenset(words(text)))
        for place, message in enumerate(messages)
        for text in sentences(clipped(message.message_content, cap))
    ]
    with_content = [each for each in said if each[3] - STOP_WORDS]
    return [
        _Sentence(order, place, message, text, (found - STOP_WORDS) or found or frozenset([text]))
        for order, (place, message, text, found) in enumerate(with_content or said)
    ]


def _scored(found: Sequence[_Sentence], earlier: Sequence[Sequence[str]]) -> list[tuple[_Sentence, float]]:
    """Pair each sentence with what it tells: words that recur but are not everywhere, weighed by what kind it is."""
    # By distinct sentences: what is said in the same words each time is no more telling for it.
    distinct = {sentence.text: sentence.words for sentence in found}
    counts = Counter(word for content in distinct.values() for word in content)
    counts.update(word for document in earlier for word in set(document))
    total = len(distinct) + len(earlier)
    weights = {word: math.log(1 + total / count) * (1 + math.log(count)) for word, count in counts.items()}
    waiting = _unanswered_from(found)
    scored: list[tuple[_Sentence, float]] = []
    for sentence, speaker in zip(found, _speaker_weights(found), strict=True):
        # Sorted: the sum of floats must not depend on the order in which a set gives its words.
        tells = sum(weights[word] for word in sorted(sentence.words)) / math.sqrt(len(sentence.words) + 3)
        recency = 1 + 0.3 * sentence.order / len(found)
        kind = _kind_weight(sentence, waiting=sentence.place >= waiting)
        scored.append((sentence, tells * recency * speaker * kind))
    return scored


def _speaker_weights(found: Sequence[_Sentence]) -> list[float]:
    """Return what each sentence's speaker makes of it: what Echo says unasked or again is mostly about itself."""
    asked = frozenset(word for sentence in found if sentence.message.is_from_person for word in sentence.words)
    times = Counter(sentence.text for sentence in found)

    def weight(sentence: _Sentence) -> float:
        if sentence.message.is_from_person:
            return 1.3
        if times[sentence.text] > 1:
            return 0.1
        return 0.4 if asked.isdisjoint(sentence.words) else 0.8

    return [weight(sentence) for sentence in found]


def _kind_weight(sentence: _Sentence, *, waiting: bool) -> float:
    """Weigh what kind of sentence it is; `waiting` says that nobody has answered since."""
    if sentence.is_question:
        return 3.0 if waiting and sentence.message.is_from_person else 1.2 if waiting else 0.6
    facts = telling_weight(sentence.text)
    courtesy = 0.4 if facts < 1.2 and len(sentence.words) < _TELLING_WORDS else 1.0
    return facts * courtesy * (1.2 if sentence.order == 0 else 1.0)


def _unanswered_from(found: Sequence[_Sentence]) -> int:
    """Return the place from which on only one side speaks: its questions have no answer yet."""
    place = len(found) and found[-1].place
    for sentence in reversed(found):
        if sentence.message.is_from_person != found[-1].message.is_from_person:
            break
        place = sentence.place
    return place


def _content(text: str) -> frozenset[str]:
    return frozenset(words(text)) - STOP_WORDS


def _salient_span(sentence: str) -> str:
    """Return the sentence from its first word of content to its last."""
    places = [match.span() for match in WORD.finditer(sentence) if match[0].casefold() not in STOP_WORDS]
    return sentence[places[0][0] : places[-1][1]] if places else ""
