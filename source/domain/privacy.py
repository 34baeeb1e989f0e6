"""What is forgotten for whom, and what is told about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from source.domain.thread import Platform, ThreadRef

Counts = Mapping[str, int]
"""How many of each kind; the keys are words that people read."""


class ReceiptKind(StrEnum):
    """What a receipt is for."""

    FORGET = "forget"


class ReceiptState(StrEnum):
    """How far it has come."""

    UNDER_WAY = "under_way"
    FORGOTTEN = "forgotten"
    """Nothing shows it any more; its bytes are being erased."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SeenFrom:
    """The place whose conversations are forgotten, as `Scope` sees it for one account of the person."""

    platform: Platform
    external_id: str
    guild_id: str | None
    circle: str | None

    @property
    def account(self) -> tuple[Platform, str]:
        return self.platform, self.external_id


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is forgotten, where (None: everywhere), and where they are told; kept only until that is done.

    `later` are conversations that went on from theirs.
    """

    person_id: int
    place: SeenFrom | None = None
    tell: ThreadRef | None = None
    later: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed, by kind; once it is done nothing in it says of whom. Ids below `receipt_id` are older."""

    receipt_id: int
    kind: ReceiptKind
    state: ReceiptState
    counts: Counts
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None = None
    task_id: int | None = None
    subject: Subject | None = None

    @property
    def is_done(self) -> bool:
        return self.state is ReceiptState.DONE


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """That something was done, by what kind of asker; never what was said, nor by whom."""

    entry_id: int
    at: datetime
    action: str
    asked_by: str
    receipt_id: int | None = None
    counts: Counts = field(default_factory=dict)


def kind_of_asker(requested_by: str) -> str:
    """Return who asked without the name: `api:<name>` is `api`, `person:<id>` is `person`."""
    return requested_by.partition(":")[0]


def summed_counts(*counts: Counts) -> dict[str, int]:
    """Add up what was counted."""
    kinds = dict.fromkeys(kind for each in counts for kind in each)
    return {kind: sum(each.get(kind, 0) for each in counts) for kind in kinds}


def told_counts(counts: Counts) -> str:
    """Return the counts as people read them; what there was none of is left out."""
    told = [f"{number:,} {_worded(kind, number)}" for kind, number in counts.items() if number]
    if not told:
        return "nothing"
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def _worded(kind: str, number: int) -> str:
    words = _MANY.get(kind, kind.replace("_", " "))
    return _ONE.get(kind, words.removesuffix("s")) if number == 1 else words


_ONE = {
    "replies": "reply of mine",
    "conversations": "whole conversation",
    "shared_conversations": "conversation shared with others",
    "feedback": "rating",
    "user_interaction_summaries": "summary of you",
}
_MANY = {
    "replies": "replies of mine",
    "conversations": "whole conversations",
    "shared_conversations": "conversations shared with others",
    "feedback": "ratings",
    "user_interaction_summaries": "summaries of you",
}
