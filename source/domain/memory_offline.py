"""A memory without a model: quotes and counts, and it says so."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from source.domain.extractive_summary import extractive_summary
from source.domain.fact_slots import own_slots
from source.domain.memory import Memory, MemoryItem, MemoryPart, MemorySource
from source.domain.memory_check import first_of_each
from source.domain.memory_claims import ITEM_BYTES, MOST_ITEMS, SUMMARY_BYTES
from source.domain.memory_patterns import ASK, FACT, INTENTS, LATER, NAME, PREFERENCE
from source.domain.message import Message
from source.domain.profile_patterns import told_values
from source.domain.stop_words import STOP_WORDS
from source.domain.summary import Occasion
from source.domain.summary_material import SummaryMaterial, day_of, speaker_of
from source.domain.summary_text import WORD, clipped, is_question, sentences, shortened

# A rule sees a word, not what is meant by it.
_RULES_CONFIDENCE = 0.3
_MOST_TOPICS = 5
_MOST_READ = 2_000
_MOST_CHARS = 4_000
_MOST_SENTENCE_CHARS = 600
_CITED = 8
_LEAST_TOPIC_CHARS = 3

_Said = tuple[Message, str]


def offline_memory(messages: Sequence[Message], people: Mapping[str, str], *, language: str | None) -> Memory:
    """Return what can be told of chat messages by rule, each item in the words of a message."""
    read = messages[-_MOST_READ:]
    said = [
        (message, text[:_MOST_SENTENCE_CHARS])
        for message in read
        if message.is_from_person
        for text in sentences(clipped(message.message_content, _MOST_CHARS))
    ]
    parts: dict[MemoryPart, Iterable[MemoryItem]] = {
        MemoryPart.TOPICS: _topics(said),
        MemoryPart.FACTS: _quotes(said, people, _is_fact),
        MemoryPart.PREFERENCES: _quotes(said, people, _is_preference),
        MemoryPart.OPEN_ISSUES: _open_issues(read, said, people),
        MemoryPart.PEOPLE: _people(read, said, people),
        MemoryPart.INTENTS: _intents(said),
        MemoryPart.PROFILE: _profile(read),
    }
    return Memory(
        source=MemorySource.OFFLINE,
        covers_to=max((message.message_id for message in messages), default=0),
        summary=_summary(messages, people),
        parts={part: first_of_each(items)[-MOST_ITEMS[part] :] for part, items in parts.items()},
        language=language,
    )


def _is_fact(text: str) -> bool:
    return not is_question(text) and (bool(FACT.search(text)) or any(slot.value for slot in own_slots(text)))


def _is_preference(text: str) -> bool:
    return not is_question(text) and (bool(PREFERENCE.search(text)) or any(not slot.value for slot in own_slots(text)))


def _summary(messages: Sequence[Message], people: Mapping[str, str]) -> MemoryItem | None:
    """Return the most telling sentences, quoted with their speakers."""
    if not messages:
        return None
    occasion = Occasion(day_of(messages[0]), day_of(messages[-1]))
    material = SummaryMaterial(tuple(messages), (), people, occasion)
    points = extractive_summary(material, max_bytes=SUMMARY_BYTES // 2, include_client=True).points
    text = " ".join(f"{point.speaker}: “{point.text}”" for point in points)
    ids = tuple(dict.fromkeys(message_id for point in points for message_id in point.message_ids))
    return MemoryItem(text, ids) if points else None


def _topics(said: Sequence[_Said]) -> Iterator[MemoryItem]:
    """Yield the words of content that most messages have, as they are mostly written."""
    written: dict[str, Counter[str]] = {}
    used: dict[str, dict[int, None]] = {}
    for message, text in said:
        for word in WORD.findall(text):
            key = word.casefold()
            if len(key) >= _LEAST_TOPIC_CHARS and key not in STOP_WORDS and not key.isdigit():
                written.setdefault(key, Counter())[word] += 1
                used.setdefault(key, {})[message.message_id] = None
    for key in sorted(used, key=lambda key: (-len(used[key]), -len(key), key))[:_MOST_TOPICS]:
        # Small letters win a tie: a capital may be that of a sentence.
        word = max(written[key], key=lambda word: (written[key][word], word.islower()))
        yield MemoryItem(word, tuple(used[key])[:_CITED])


def _quotes(said: Sequence[_Said], people: Mapping[str, str], is_wanted: Callable[[str], bool]) -> Iterator[MemoryItem]:
    for message, text in said:
        if is_wanted(text):
            yield _quote(message, text, people)


def _open_issues(read: Sequence[Message], said: Sequence[_Said], people: Mapping[str, str]) -> Iterator[MemoryItem]:
    """Yield questions after Echo's last word, and what was put off."""
    answered = max((message.message_id for message in read if not message.is_from_person), default=0)
    for message, text in said:
        if (is_question(text) and message.message_id > answered) or LATER.search(text):
            yield _quote(message, text, people)


def _people(read: Sequence[Message], said: Sequence[_Said], people: Mapping[str, str]) -> Iterator[MemoryItem]:
    """Yield who spoke, and the names by which people called themselves."""
    first: dict[str, int] = {}
    for message in read:
        if message.is_from_person and people.get(message.requester or ""):
            first.setdefault(speaker_of(message, people), message.message_id)
    for name, message_id in first.items():
        yield MemoryItem(name, (message_id,), name)
    for message, text in said:
        if found := NAME.search(text):
            yield MemoryItem(_quote(message, text, people).text, (message.message_id,), found["name"])


def _profile(read: Sequence[Message]) -> Iterator[MemoryItem]:
    """Yield what people tell of themselves: the field and its value."""
    for message in read:
        if message.is_from_person:
            for field, value in told_values(message.message_content):
                yield MemoryItem(value, (message.message_id,), field.value)


def _intents(said: Sequence[_Said]) -> Iterator[MemoryItem]:
    """Yield for each rule the first sentence that it holds for, and all messages that have one."""
    for name, pattern in INTENTS.items():
        yield from _intent(name, [each for each in said if pattern.search(each[1])])
    yield from _intent(ASK, [each for each in said if is_question(each[1])])


def _intent(name: str, matching: Sequence[_Said]) -> Iterator[MemoryItem]:
    if matching:
        ids = tuple(dict.fromkeys(message.message_id for message, _ in matching))[:_CITED]
        yield MemoryItem(shortened(matching[0][1], ITEM_BYTES), ids, name, _RULES_CONFIDENCE)


def _quote(message: Message, text: str, people: Mapping[str, str]) -> MemoryItem:
    quoted = shortened(text.replace("“", '"').replace("”", '"'), ITEM_BYTES - 60)
    return MemoryItem(f"{speaker_of(message, people)}: “{quoted}”", (message.message_id,))
