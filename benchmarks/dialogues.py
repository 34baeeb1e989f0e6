"""Dialogues in the format of LoCoMo, as one person's messages and what was answered.

`speaker_a` is the person, `speaker_b` speaks through the model. Turns of one speaker that follow
each other are one message. Echo never speaks first: when `speaker_b` opens a session, the opening
stands at the head of the person's first message. It always answers: a message that a session leaves
unanswered is answered with `ACKNOWLEDGED`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
from pathlib import Path

ACKNOWLEDGED = "Okay."
_TURN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the person says, when, and what the model answers."""

    said_at: datetime
    said: str
    answer: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """All exchanges of one pair of speakers, in order of time."""

    name: str
    person: str
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    place: int
    from_person: bool
    text: str


def load_dialogues(path: Path) -> list[Dialogue]:
    """Read a file of dialogues."""
    samples = json.loads(path.read_text(encoding="utf-8"))
    return [_dialogue(str(sample["sample_id"]), sample["conversation"]) for sample in samples]


def _dialogue(name: str, conversation: Mapping[str, object]) -> Dialogue:
    person = str(conversation["speaker_a"])
    exchanges: list[Exchange] = []
    for began, turns in _sessions(conversation):
        earliest = exchanges[-1].said_at + _TURN if exchanges else began
        exchanges.extend(_exchanges(max(began, earliest), list(_lines(turns, person))))
    return Dialogue(name, person, tuple(exchanges))


def _sessions(conversation: Mapping[str, object]) -> Iterator[tuple[datetime, Sequence[Mapping[str, str]]]]:
    for number in count(1):
        when = conversation.get(f"session_{number}_date_time")
        turns = conversation.get(f"session_{number}")
        if when is None and turns is None:
            return
        if isinstance(when, str) and isinstance(turns, list) and turns:
            yield datetime.strptime(when, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC), turns


def _lines(turns: Sequence[Mapping[str, str]], person: str) -> Iterator[_Line]:
    """Yield what each speaker says at a stretch."""
    numbered = list(enumerate(turns))
    for from_person, stretch in groupby(numbered, key=lambda turn: turn[1]["speaker"] == person):
        said = list(stretch)
        yield _Line(said[0][0], from_person, "\n".join(_text(turn) for _, turn in said))


def _text(turn: Mapping[str, str]) -> str:
    return turn["text"].strip() or f"(a picture: {turn.get('blip_caption', 'no words')})"


def _exchanges(began: datetime, lines: list[_Line]) -> Iterator[Exchange]:
    opening = ""
    if not lines[0].from_person:
        opening = lines.pop(0).text + ("\n" if lines else "")
    if not lines:
        yield Exchange(began, opening, ACKNOWLEDGED)
    for said, answered in zip(lines[::2], [*lines[1::2], None], strict=False):
        answer = answered.text if answered is not None else ACKNOWLEDGED
        yield Exchange(began + said.place * _TURN, opening + said.text, answer)
        opening = ""
