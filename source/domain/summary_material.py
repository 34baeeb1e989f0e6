"""What a summary is made from: the messages and the points of earlier summaries, numbered for a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from source.domain.message import Message, MessageType, as_utc
from source.domain.offline_notice import is_offline_notice
from source.domain.summary import Occasion, PointKind, SummaryPoint, spoken_name
from source.domain.summary_text import clipped, fair_share, one_line, size_of, telling_weight, without_middle

ECHO = "Echo"
# A message is never sent with less than this: the oldest are left out instead.
_LEAST_MESSAGE_BYTES = 80
_MOST_MESSAGE_BYTES = 2000
_EARLIER_HEADING = "Earlier summary:"
_MESSAGES_HEADING = "Messages:"


@dataclass(frozen=True, slots=True)
class SummaryMaterial:
    """Chat messages in order, the points of the summaries before them, and the names of who speaks."""

    messages: tuple[Message, ...]
    earlier: tuple[SummaryPoint, ...]
    people: Mapping[str, str]
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class NumberedSource:
    """One line that a model is shown under a number; `message_id` is None for a point of an earlier summary."""

    number: int
    line: str
    said_on: date | None
    message_id: int | None


def chat_only(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return what was said and still counts; thinking, tools, empty messages and offline notices are left out."""
    return tuple(
        message
        for message in messages
        if message.is_kept
        and message.message_type is MessageType.CHAT
        and not message.message_content.isspace()
        and message.message_content
        and not is_offline_notice(message)
    )


def day_of(message: Message) -> date:
    """Return the day in UTC on which it was said."""
    return as_utc(message.created_at).date()


def speaker_of(message: Message, people: Mapping[str, str]) -> str:
    """Return the speaker's name; nobody passes for Echo, and no external id is shown."""
    if message.requester is None:
        return ECHO
    name = spoken_name(people.get(message.requester, ""))
    return f"person {name}" if name.casefold() == ECHO.casefold() else name


def numbered_sources(
    earlier: Sequence[SummaryPoint], messages: Sequence[Message], people: Mapping[str, str], max_bytes: int
) -> list[NumberedSource]:
    """Number earlier points and messages from 1, in lines that fit `max_bytes`; long messages lose their middle.

    Short numbers stand for long message ids, which cost tokens and which small models copy badly.
    """
    sources: list[NumberedSource] = []
    left = max_bytes - size_of(f"{_EARLIER_HEADING}\n\n{_MESSAGES_HEADING}\n")
    share = left // 3
    for point in earlier:
        line = f"[#{len(sources) + 1}] {unmarked(point.line[2:])}"
        if size_of(line) < share:
            sources.append(NumberedSource(len(sources) + 1, line, point.said_on, None))
            share -= size_of(line) + 1
            left -= size_of(line) + 1
    return sources + _numbered_messages(messages, people, left, first=len(sources) + 1)


def listed(sources: Sequence[NumberedSource]) -> str:
    """Return the sources as the text that a model is shown; a message is dated where the day changes."""
    earlier = [source.line for source in sources if source.message_id is None]
    messages = [source for source in sources if source.message_id is not None]
    said = [
        _undated(source) if before is not None and before.said_on == source.said_on else source.line
        for before, source in zip([None, *messages], messages, strict=False)
    ]
    parts = ([_EARLIER_HEADING, *earlier, ""] if earlier else []) + [_MESSAGES_HEADING, *said]
    return "\n".join(parts)


def _undated(source: NumberedSource) -> str:
    # The first such mark is the line's own: a speaker's name holds no bracket.
    return source.line.replace(f" ({source.said_on}):", ":", 1)


def ranked_earlier(earlier: Sequence[SummaryPoint]) -> list[SummaryPoint]:
    """Order points of earlier summaries by what is worth keeping: what tells much fades, but slowly."""
    days = sorted({point.said_on or date.min for point in earlier}, reverse=True)
    ages = {day: age for age, day in enumerate(days)}

    def worth(point: SummaryPoint) -> float:
        kind = _WORTH.get(point.kind, 1.0)
        return kind * telling_weight(point.text) * _FADING ** ages[point.said_on or date.min]

    return sorted(earlier, key=worth, reverse=True)


_WORTH = {PointKind.FACT: 2.0, PointKind.PERSON: 2.0, PointKind.PREFERENCE: 2.0, PointKind.OPEN: 2.0}
# What a point keeps of its worth with each day of conversation that came after it.
_FADING = 0.9


def _numbered_messages(
    messages: Sequence[Message], people: Mapping[str, str], max_bytes: int, *, first: int
) -> list[NumberedSource]:
    openings = [f"{speaker_of(message, people)} ({day_of(message)}): " for message in messages]
    mark = size_of(f"[#{first + len(messages)}] ") + 1
    texts = [unmarked(one_line(clipped(message.message_content, _MOST_MESSAGE_BYTES))) for message in messages]
    frames = [size_of(opening) + mark for opening in openings]
    start, cap = _oldest_that_fits(frames, [size_of(text) for text in texts], max_bytes)
    return [
        NumberedSource(
            number,
            f"[#{number}] {openings[at]}{without_middle(texts[at], cap)}",
            day_of(messages[at]),
            messages[at].message_id,
        )
        for number, at in enumerate(range(start, len(messages)), first)
    ]


def _oldest_that_fits(frames: Sequence[int], sizes: Sequence[int], max_bytes: int) -> tuple[int, int]:
    """Return the first message that is shown and the most bytes that each may take."""
    for start in range(len(sizes)):
        left = max_bytes - sum(frames[start:])
        cap = min(fair_share(sizes[start:], left), _MOST_MESSAGE_BYTES)
        if left >= 0 and cap >= min(_LEAST_MESSAGE_BYTES, max(sizes[start:])):
            return start, cap
    return len(sizes), 0


def unmarked(text: str) -> str:
    """Return `text` without anything that looks like the number of a line."""
    return text.replace("[#", "(#")
