"""Suggestions of a new topic: how often they are right, how often they are missing, and what looking costs.

    python -m benchmarks.topics [--quick] [--dialogues FILE]

Made-up dialogues are about one of ten subjects; with a shift, another one begins in the middle. FILE has dialogues
in the format of LoCoMo: people who chat about their days, whose sessions are joined to one conversation as they follow
each other; with a shift, a session of another pair follows three of one pair. A suggestion is right within eight
messages after the shift; every other one is false, also where people came to something else by themselves.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks import measure
from benchmarks.dialogues import load_dialogues
from source.domain.topic_shift import LOOKED_AT, Exchange, has_shifted

_WITHIN = 8
_APART = timedelta(hours=1)
_SESSIONS_BEFORE = 3
_SUBJECTS = {
    "garden": "tomato soil compost seedling watering pruning greenhouse snail lettuce harvest fertilizer raised bed",
    "taxes": "income deduction receipt invoice refund accountant declaration pension allowance deadline office form",
    "python": "function exception traceback decorator iterator package module import generator coroutine debugger test",
    "cooking": "dough oven flour simmer garlic skillet roast seasoning butter recipe whisk caramelize",
    "travel": "flight luggage visa hostel itinerary passport airport museum currency ferry reservation sightseeing",
    "guitar": "chord strum fretboard melody tuning capo rhythm amplifier pickup scale string fingerpicking",
    "running": "marathon pace stride cadence hydration sneakers interval recovery blister warmup hamstring mileage",
    "house": "mortgage plumbing drywall radiator insulation landlord lease renovation contractor ceiling paint tiles",
    "astronomy": "telescope galaxy nebula orbit eclipse constellation aperture meteor planet eyepiece comet supernova",
    "dog": "puppy leash kennel vaccination grooming obedience treats barking veterinarian collar breed crate",
}
# With the odd word that fits every subject, as people speak.
_QUESTIONS = (
    "What about the {0} and the {1}, is it because of the {2}?",
    "I have a {0} and two of {1}, but the {2} and the {3} do not work together.",
    "Should I go for the {0} first, or is the {1} more important than the {2}?",
    "My {0} was fine until I got the {1}. Could the {2} be why, or the {3}?",
    "How do you do {0} with {1}?",
)
_ANSWERS = (
    "It is about the {0}: first the {1}, and only then the {2} and the {3}.",
    "The {0} and the {1} go together. Most people begin with the {2}.",
    "Yes, have a {0}, as long as the {1} is right. And there is the {2}, too.",
)
_REMARKS = ("Okay, thanks.", "That makes sense.", "Good idea, I will try it tomorrow.", "Hm, not sure about that.")


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation, and after how many messages of its person another topic begins; None: never."""

    exchanges: tuple[Exchange, ...]
    shift: int | None = None


@dataclass(slots=True)
class Outcome:
    """What came of the cases."""

    shifts: int = 0
    found: int = 0
    false: int = 0
    messages: int = 0

    def look_at(self, case: Case) -> None:
        """Read a conversation message by message, as Echo does."""
        told = [
            end
            for end in range(1, len(case.exchanges) + 1)
            if has_shifted(case.exchanges[max(0, end - LOOKED_AT) : end])
        ]
        right = [end for end in told if case.shift is not None and case.shift < end <= case.shift + _WITHIN]
        self.shifts += case.shift is not None
        self.found += bool(right)
        self.false += len(told) - len(right[:1])
        self.messages += len(case.exchanges)

    @property
    def row(self) -> list[str]:
        told = self.found + self.false
        return [
            f"{self.messages:,}",
            f"{self.found / self.shifts:.0%} of {self.shifts}" if self.shifts else "",
            f"{self.found / told:.0%} of {told}" if self.shifts and told else "",
            f"{100 * self.false / self.messages:.2f}",
        ]


def made_up(chance: random.Random, count: int, *, with_shift: bool) -> Iterator[Case]:
    """Make conversations of 12 to 30 messages of a person, with a shift at least 12 of them before it and 8 after."""
    for _ in range(count):
        first, second = chance.sample(sorted(_SUBJECTS), 2)
        before = _about(chance, first, chance.randint(12, 30))
        after = _about(chance, second, _WITHIN) if with_shift else []
        yield Case((*before, *after), len(before) if with_shift else None)


def _about(chance: random.Random, subject: str, count: int) -> list[Exchange]:
    nouns = _SUBJECTS[subject].split()
    return [
        Exchange(
            chance.choice(_REMARKS)
            if chance.random() < 0.15
            else chance.choice(_QUESTIONS).format(*chance.sample(nouns, 4)),
            chance.choice(_ANSWERS).format(*chance.sample(nouns, 4)),
        )
        for _ in range(count)
    ]


def _sessions(path: Path) -> list[list[list[Exchange]]]:
    """Return the sessions of each pair of speakers."""
    pairs: list[list[list[Exchange]]] = []
    for dialogue in load_dialogues(path):
        sessions: list[list[Exchange]] = []
        for number, each in enumerate(dialogue.exchanges):
            if not number or each.said_at - dialogue.exchanges[number - 1].said_at > _APART:
                sessions.append([])
            sessions[-1].append(Exchange(each.said, each.answer))
        pairs.append(sessions)
    return pairs


def _spliced(chance: random.Random, pairs: Sequence[list[list[Exchange]]]) -> Iterator[Case]:
    for number, sessions in enumerate(pairs):
        others = [each for place, pair in enumerate(pairs) if place != number for each in pair if len(each) >= _WITHIN]
        for start in range(len(sessions) - _SESSIONS_BEFORE + 1):
            before = [each for session in sessions[start : start + _SESSIONS_BEFORE] for each in session]
            yield Case((*before, *chance.choice(others)), len(before))


def _outcome(cases: Iterator[Case]) -> Outcome:
    outcome = Outcome()
    for case in cases:
        outcome.look_at(case)
    return outcome


def _cost(case: Case) -> float:
    """Return the mean time of one look, in seconds."""
    windows = [case.exchanges[max(0, end - LOOKED_AT) : end] for end in range(1, len(case.exchanges) + 1)]
    started = time.perf_counter()
    for window in windows:
        has_shifted(window)
    return (time.perf_counter() - started) / len(windows)


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--dialogues", type=Path, help="dialogues in the format of LoCoMo")
    given = parser.parse_args()
    measure.begin("Suggestions of a new topic")
    chance = random.Random(7)
    count = 10 if given.quick else 300
    results = {
        "made up, with a shift": _outcome(made_up(chance, count, with_shift=True)),
        "made up, one subject": _outcome(made_up(chance, count, with_shift=False)),
    }
    long = Case(tuple(_about(chance, "garden", LOOKED_AT + count)))
    costs = {"made up": _cost(long)}
    if given.dialogues:
        pairs = _sessions(given.dialogues)
        if len(pairs) < 2:
            parser.error("a shift is made of two dialogues: FILE needs more than one")
        joined = [Case(tuple(each for session in sessions for each in session)) for sessions in pairs]
        results["chats, with a shift"] = _outcome(_spliced(chance, pairs))
        results["chats as they are"] = _outcome(iter(joined))
        costs["chats"] = sum(map(_cost, joined)) / len(joined)
    heads = ["", "messages", "shifts found", "suggestions right", "false in 100 messages"]
    print(measure.Table(heads, [[name, *outcome.row] for name, outcome in results.items()]))
    print("\n" + "\n".join(f"one look, {name}: {measure.duration(seconds)}" for name, seconds in costs.items()))


if __name__ == "__main__":
    main()
