"""What can be said of a message or a conversation: mood, matter and tags."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from source.domain.errors import RefusedInputError
from source.domain.memory import MemorySource
from source.domain.message_text import is_storable

MOST_TAGS: Final = 20
LONGEST_TAG_CHARS: Final = 40


class Sentiment(StrEnum):
    """The mood of a message or a conversation."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    MIXED = "mixed"


class Category(StrEnum):
    """What a message or a conversation is about."""

    APPOINTMENT = "appointment"
    INQUIRY = "inquiry"
    COMPLAINT = "complaint"
    FEEDBACK = "feedback"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Aspects:
    """What is to be found out; what is switched off is neither asked for nor set."""

    sentiment: bool = True
    category: bool = True
    tags: bool = True

    @property
    def is_any(self) -> bool:
        return self.sentiment or self.category or self.tags


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found out; None where it is switched off, or cannot be told."""

    sentiment: Sentiment | None
    category: Category | None
    tags: tuple[str, ...] | None
    source: MemorySource


def settled(known: Analysis | None, found: Analysis) -> Analysis:
    """Return what holds once something was found out: a person's word stays, what they left open is filled."""
    if known is None or known.source is not MemorySource.PERSON:
        return found
    return Analysis(
        sentiment=known.sentiment or found.sentiment,
        category=known.category or found.category,
        tags=found.tags if known.tags is None else known.tags,
        source=MemorySource.PERSON,
    )


_Kind = TypeVar("_Kind", Sentiment, Category)


def sentiment_named(name: str) -> Sentiment:
    """Return the sentiment of this name.

    Raises: RefusedInputError: there is none; the sentence names those that there are.
    """
    return _named(Sentiment, name, "sentiment")


def category_named(name: str) -> Category:
    """Return the category of this name.

    Raises: RefusedInputError: there is none; the sentence names those that there are.
    """
    return _named(Category, name, "category")


def _named(kind: type[_Kind], name: str, word: str) -> _Kind:
    try:
        return kind(name.strip().lower())
    except ValueError:
        known = ", ".join(each.value for each in kind)
        raise RefusedInputError(f"There is no {word} {name[:40]!r}: it is one of {known}.") from None


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags as they are kept: lower case, each once.

    Raises: RefusedInputError: one is empty or too long, or they are too many.
    """
    found = tuple(dict.fromkeys(" ".join(tag.lower().split()) for tag in tags))
    if len(found) > MOST_TAGS:
        raise RefusedInputError(f"Those are {len(found)} tags: there may be {MOST_TAGS}.")
    for tag in found:
        if not 1 <= len(tag) <= LONGEST_TAG_CHARS or not is_storable(tag):
            raise RefusedInputError(f"A tag has 1 to {LONGEST_TAG_CHARS} characters; {tag[:60]!r} is none.")
    return found


def tags_worth_keeping(tags: Iterable[object], most: int) -> tuple[str, ...]:
    """Return those of the proposed tags that can be kept, written as words joined by underscores, at most `most`."""
    words = ("_".join(tag.lower().replace("#", " ").split()) for tag in tags if isinstance(tag, str))
    fitting = (tag for tag in words if 1 <= len(tag) <= LONGEST_TAG_CHARS and is_storable(tag))
    return tuple(dict.fromkeys(fitting))[:most]


def overall(analyses: Sequence[Analysis], source: MemorySource) -> Analysis:
    """Return what a conversation is as a whole, by its messages in the order in which they were said."""
    tags = Counter(tag for each in analyses for tag in each.tags or ())
    has_tags = any(each.tags is not None for each in analyses)
    return Analysis(
        sentiment=_overall_sentiment([each.sentiment for each in analyses if each.sentiment]),
        category=_overall_category([each.category for each in analyses if each.category]),
        # Of equally frequent ones those that came first, which is how Counter counts.
        tags=tuple(tag for tag, _ in tags.most_common(MOST_TAGS)) if has_tags else None,
        source=source,
    )


def _overall_sentiment(moods: Sequence[Sentiment]) -> Sentiment | None:
    """Both good and bad is mixed; neutral messages do not hide a mood."""
    if not moods:
        return None
    told = {mood for mood in moods if mood is not Sentiment.NEUTRAL}
    if len(told) == 1:
        return told.pop()
    return Sentiment.MIXED if told else Sentiment.NEUTRAL


def _overall_category(categories: Sequence[Category]) -> Category | None:
    """Return what most messages are about; greetings and thanks do not count where anything else is said."""
    if not categories:
        return None
    telling = Counter(category for category in categories if category is not Category.GENERAL)
    return telling.most_common(1)[0][0] if telling else Category.GENERAL
