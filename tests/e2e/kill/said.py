"""What is said in a campaign: every message follows from its event id, so that it can be sent again and checked."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage

PLATFORM = Platform.DISCORD
THREADS = 20
_PEOPLE = 3
_WORDS = (
    "harbour",
    "tea",
    "señal",
    "поезд",
    "明日",
    "👩‍👩‍👧",
    "\u200fשלום\u202e",
    "tab\there",
    "two\nlines",
    '"quoted" \\ back',
)


@dataclass(frozen=True, slots=True)
class EventId:
    """The message number `number` of a thread in the campaign's run number `run`."""

    thread: int
    run: int
    number: int

    def __str__(self) -> str:
        return f"{self.thread}-{self.run}-{self.number}"


def thread_of(number: int) -> ThreadRef:
    """Half of the threads are of one guild, so that many conversations have the same usual file name."""
    guild = ("77", "Guild") if number % 2 else (None, None)
    return ThreadRef(PLATFORM, f"thread-{number}", *guild)


def person_of(thread: int, number: int) -> PersonRef:
    which = (thread + number) % _PEOPLE
    return PersonRef(f"person-{which}", f"Person {which}")


def text_of(event_id: str) -> str:
    random = Random(event_id)
    words = " ".join(random.choice(_WORDS) for _ in range(random.randint(1, 8)))
    return f"Message {event_id}: {words}"


def inbound_of(event: EventId) -> InboundMessage:
    return InboundMessage(
        event_id=str(event),
        thread=thread_of(event.thread),
        person=person_of(event.thread, event.number),
        text=text_of(str(event)),
        sent_at=datetime.now(UTC),
    )
