"""What messages show of what is said about them, by the words, numbers and quotes that they share."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from source.domain.memory import MemoryItem, MemoryPart
from source.domain.message import Message
from source.domain.profile_evidence import is_told
from source.domain.stop_words import STOP_WORDS
from source.domain.summary_material import ECHO, speaker_of
from source.domain.summary_text import one_line, words

# Words by which a note tells who said something: they are the note's own, no message need have them.
_REPORTING = frozenset("asked asks assistant echo person said says tells told user wants wished wishes".split())  # noqa: SIM905
_LEAST_SHARE = 0.25
# Of two words with a common beginning of this share of the shorter one, one is taken for a form of the other.
_STEM_SHARE = 0.6
_STEM_CHARS = 3
_SUGGESTED = 3
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f' ]\d{3})*(?:[.,]\d+)?")
_DIGITS = re.compile(r"\d+")
_NO_DIGIT = re.compile(r"\D+")
# Small numbers and years are not compared: a note writes dates out that a message leaves to the calendar.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_QUOTED = re.compile(r"[“„«「\"](?P<quoted>[^“”„»«「」\"]+)[”“»」\"]")
_QUOTED_WORDS = 2


class Evidence:
    """The messages of a conversation, ready to be asked what they show."""

    def __init__(self, messages: Sequence[Message], people: Mapping[str, str]) -> None:
        self._said = {message.message_id: one_line(message.message_content).casefold() for message in messages}
        self._speakers = {message.message_id: speaker_of(message, people).casefold() for message in messages}
        self._by_people = {each.message_id: each.message_content for each in messages if each.is_from_person}
        self._places: dict[str, set[int]] = {}
        for message_id, text in self._said.items():
            for word in words(text):
                self._places.setdefault(word, set()).add(message_id)
        self._by_beginning: dict[str, list[str]] = {}
        for word in self._places:
            self._by_beginning.setdefault(word[:_STEM_CHARS], []).append(word)
        self._known_forms: dict[str, list[str]] = {}

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._said

    @property
    def newest(self) -> int:
        """The last message; 0 without any."""
        return max(self._said, default=0)

    def known(self, message_ids: Iterable[int]) -> tuple[int, ...]:
        """Return those that are messages of this conversation, each once."""
        return tuple(dict.fromkeys(each for each in message_ids if each in self._said))

    def shows(self, part: MemoryPart, item: MemoryItem) -> bool:
        """Whether the cited messages share enough with the item: telling words, every large number, every quote.

        It can refute what was made up; it cannot prove what was misunderstood.
        """
        cited = self.known(item.message_ids)
        if not cited or not self._has_quotes(item.text, cited) or not self._has_numbers(item.text, cited):
            return False
        if part is MemoryPart.PEOPLE and not self._has_name(item.name or "", cited):
            return False
        return self._shares_words(item.text, cited)

    def telling(self, field: str, value: str, message_ids: Iterable[int]) -> tuple[int, ...]:
        """Return those messages in which people give this value of a profile's field as their own."""
        own = (each for each in self.known(message_ids) if each in self._by_people)
        return tuple(each for each in own if is_told(field, value, self._by_people[each]))

    def showing(self, text: str) -> tuple[int, ...]:
        """Return the messages that share most with a text, in their order; none when none shares a telling word."""
        shared: Counter[int] = Counter()
        for word in sorted(_telling(text)):
            shared.update(set[int]().union(*(self._places[form] for form in self._forms(word))))
        best = sorted(shared, key=lambda message_id: (-shared[message_id], message_id))
        return tuple(sorted(best[:_SUGGESTED]))

    def _shares_words(self, text: str, cited: Sequence[int]) -> bool:
        speakers = {word for message_id in cited for word in words(self._speakers[message_id])} | {ECHO.casefold()}
        telling = _telling(text)
        others = telling - speakers
        if not others:  # it only says who speaks
            return not telling.isdisjoint(speakers)
        return self._shared(others, cited) >= max(1, round(len(others) * _LEAST_SHARE))

    def _shared(self, telling: Iterable[str], cited: Sequence[int]) -> int:
        """Return how many of the words are in one of the messages, in some form."""
        return sum(any(not self._places[form].isdisjoint(cited) for form in self._forms(word)) for word in telling)

    def _forms(self, word: str) -> list[str]:
        """Return the words of the conversation that are the word, or are taken for a form of it."""
        known = self._known_forms.get(word)
        if known is None:
            alike = self._by_beginning.get(word[:_STEM_CHARS], ())
            known = self._known_forms[word] = [each for each in alike if each == word or _is_form(word, each)]
        return known

    def _has_name(self, name: str, cited: Sequence[int]) -> bool:
        wanted = one_line(name).casefold()
        return bool(wanted) and any(wanted in self._said[each] or wanted == self._speakers[each] for each in cited)

    def _has_numbers(self, text: str, cited: Sequence[int]) -> bool:
        wanted = [number for number in _NUMBER.findall(text) if _can_be_compared(number)]
        said = {each for message_id in cited for each in _spellings(self._said[message_id])} if wanted else set()
        return all(_joined(number) in said or said.issuperset(_DIGITS.findall(number)) for number in wanted)

    def _has_quotes(self, text: str, cited: Sequence[int]) -> bool:
        said = [_unpunctuated(self._said[message_id]) for message_id in cited]
        quotes = (_unpunctuated(found["quoted"].casefold()) for found in _QUOTED.finditer(text))
        return all(any(quote in each for each in said) for quote in quotes if len(quote.split()) >= _QUOTED_WORDS)


def _telling(text: str) -> frozenset[str]:
    return frozenset(words(text)) - STOP_WORDS - _REPORTING


def _is_form(word: str, other: str) -> bool:
    shorter = min(len(word), len(other))
    stem = max(_STEM_CHARS, math.ceil(shorter * _STEM_SHARE))
    return shorter >= _STEM_CHARS and word[:stem] == other[:stem] and not word.isdigit()


def _can_be_compared(number: str) -> bool:
    digits = _joined(number)
    return len(digits) > 2 and not (len(number) == 4 and _FIRST_YEAR <= int(digits) <= _LAST_YEAR)


def _spellings(text: str) -> list[str]:
    """Return the digits of the numbers in a text, taken together by thousands and one by one."""
    return [*map(_joined, _NUMBER.findall(text)), *_DIGITS.findall(text)]


def _joined(number: str) -> str:
    return _NO_DIGIT.sub("", number)


def _unpunctuated(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))
