"""What was said before, for somebody who comes back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from source.adapters.terminal.live_reply import SPEAKER
from source.adapters.terminal.screen import StyledScreen
from source.domain.message import Message, MessageType, as_utc
from source.domain.thread import PersonRef

SHOWN_MESSAGES = 10
# Tool calls and thoughts lie between what was said.
READ_MESSAGES = 5 * SHOWN_MESSAGES
_LONGEST_SHOWN = 1_500


@dataclass(frozen=True, slots=True)
class DateLine:
    """The day on which the next lines were said."""

    text: str


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """Who said what, and when."""

    speaker: str
    text: str


def show_history(screen: StyledScreen, messages: Sequence[Message], person: PersonRef) -> None:
    """Show the last of a conversation, with dates; nothing when there is none."""
    said = [message for message in messages if message.message_type is MessageType.CHAT]
    for line in history_lines(said[-SHOWN_MESSAGES:], person):
        match line:
            case DateLine(text):
                screen.notice(text)
            case SpokenLine(speaker, text):
                screen.said(speaker, text)


def history_lines(
    messages: Iterable[Message], person: PersonRef, *, zone: tzinfo | None = None
) -> Iterator[DateLine | SpokenLine]:
    """Chat messages with a line for each day; without `zone` in the time of this machine."""
    day = ""
    for message in messages:
        if message.message_type is not MessageType.CHAT:
            continue
        said_at = as_utc(message.created_at).astimezone(zone)
        if (date := _day(said_at)) != day:
            day = date
            yield DateLine(f"— {date} —")
        yield SpokenLine(f"{_speaker(message, person)} {said_at:%H:%M}", shortened(message.message_content))


def shortened(text: str) -> str:
    """Keep the head of a long text, and say how much is left out."""
    left_out = len(text) - _LONGEST_SHOWN
    return text if left_out <= 0 else f"{text[:_LONGEST_SHOWN]} … ({left_out:,} more characters)"


def _speaker(message: Message, person: PersonRef) -> str:
    if message.requester is None:
        return SPEAKER
    return person.display_name if message.requester == person.external_id else message.requester


def _day(moment: datetime) -> str:
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"
