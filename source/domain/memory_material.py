"""What a model is given to make a memory from: what is known and remembered already, then the messages, numbered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from source.domain.fact import Fact
from source.domain.fact_ranking import line_of
from source.domain.memory import Memory, MemoryItem, MemoryPart
from source.domain.message import Message
from source.domain.summary_material import day_of, speaker_of, unmarked
from source.domain.summary_text import clipped, one_line, size_of, without_middle

# About 6,000 tokens of messages and 2,000 of notes: what small models read well, and one answer of bounded length.
_MESSAGES_BYTES = 18_000
_NOTES_BYTES = 6_000
_MOST_MESSAGE_BYTES = 3_000
# What is known from elsewhere is there to be corrected: about 1,000 tokens.
_KNOWN_BYTES = 3_000
_KNOWN_HEADING = "Known from before:"
_NOTES_HEADING = "Notes so far:"
_MESSAGES_HEADING = "Messages:"
_LABELS: Mapping[MemoryPart, str] = {
    MemoryPart.OPEN_ISSUES: "Open issue",
    MemoryPart.PREFERENCES: "Preference",
    MemoryPart.FACTS: "Fact",
    MemoryPart.PEOPLE: "Person",
    MemoryPart.TOPICS: "Topic",
}


@dataclass(frozen=True, slots=True)
class Note:
    """An item that is remembered already, and where it belongs; the summary belongs to no part."""

    part: MemoryPart | None
    item: MemoryItem

    @property
    def text(self) -> str:
        label = _LABELS[self.part] if self.part else "Summary"
        name = f"{self.item.name}: " if self.item.name and self.item.name != self.item.text else ""
        return f"{label}: {name}{self.item.text}"


@dataclass(frozen=True, slots=True)
class MemoryMaterial:
    """The text for the model; `known`, `notes` and `messages` are its numbered lines, which begin with 1."""

    text: str
    notes: tuple[Note, ...]
    messages: tuple[Message, ...]
    known: tuple[Fact, ...] = ()

    def note(self, number: int) -> Note | None:
        at = number - len(self.known) - 1
        return self.notes[at] if 0 <= at < len(self.notes) else None

    def replaced(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """Return the ids of the facts that these lines stand for."""
        return tuple({self.known[number - 1].fact_id: None for number in numbers if 0 < number <= len(self.known)})

    def ids(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """Return the ids of the messages that these lines stand for."""
        found: dict[int, None] = {}
        for number in numbers:
            note = self.note(number)
            at = number - len(self.known) - len(self.notes) - 1
            if note is not None:
                found |= dict.fromkeys(note.item.message_ids)
            elif 0 <= at < len(self.messages):
                found[self.messages[at].message_id] = None
        return tuple(found)


def next_material(
    earlier: Memory | None, messages: Sequence[Message], people: Mapping[str, str], known: Sequence[Fact] = ()
) -> MemoryMaterial:
    """Return as many of the first messages as one call takes, after what is remembered from before them.

    Before all that comes what is known from elsewhere, as much of its beginning as fits.
    """
    notes = _fitting_notes(earlier) if earlier else ()
    known = _fitting_facts(known)
    lines: list[str] = []
    left = _MESSAGES_BYTES
    day = None
    for number, message in enumerate(messages, len(known) + len(notes) + 1):
        dated = f" ({day_of(message)})" if day_of(message) != day else ""
        text = unmarked(one_line(clipped(message.message_content, _MOST_MESSAGE_BYTES)))
        line = f"[#{number}] {speaker_of(message, people)}{dated}: {without_middle(text, _MOST_MESSAGE_BYTES)}"
        left -= size_of(line) + 1
        if left < 0 and lines:
            break
        lines.append(line)
        day = day_of(message)
    stated = [f"[#{number}] {unmarked(line_of(fact)[2:])}" for number, fact in enumerate(known, 1)]
    noted = [f"[#{number}] {unmarked(note.text)}" for number, note in enumerate(notes, len(known) + 1)]
    opening = [_KNOWN_HEADING, *stated, ""] if stated else []
    opening += [_NOTES_HEADING, *noted, ""] if noted else []
    text = "\n".join([*opening, _MESSAGES_HEADING, *lines])
    return MemoryMaterial(text, notes, tuple(messages[: len(lines)]), known)


def _fitting_facts(known: Sequence[Fact]) -> tuple[Fact, ...]:
    kept: list[Fact] = []
    left = _KNOWN_BYTES
    for fact in known:
        left -= size_of(line_of(fact)) + len("[#00] \n")
        if left < 0:
            break
        kept.append(fact)
    return tuple(kept)


def _fitting_notes(earlier: Memory) -> tuple[Note, ...]:
    """Return the summary and the newest items that fit, those first that new messages may settle or correct."""
    notes = [Note(None, earlier.summary)] if earlier.summary else []
    notes += (Note(part, item) for part in _LABELS for item in reversed(earlier.of(part)))
    kept: list[Note] = []
    left = _NOTES_BYTES
    for note in notes:
        left -= size_of(note.text) + len("[#000] \n")
        if left < 0:
            break
        kept.append(note)
    return tuple(kept)
