"""Dialogues in the format of LoCoMo as histories to search: both speakers are people, a session is a conversation."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count, groupby
from pathlib import Path

from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.message import Message, MessageType
from source.domain.recall.passages import RecallBudget, RecalledTurn, within
from source.domain.recall.turns import SaidTurn
from source.domain.thread import Platform, ThreadRef

_ADVERSARIAL = 5
_EVIDENCE = re.compile(r"D(\d+):0*(\d+)")
_WEB = Platform.WEB


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the turns that answer it, by conversation and message id."""

    question: str
    category: int
    evidence: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class History:
    """A dialogue; `repaired` questions had malformed evidence, `skipped` ones had none that exists."""

    name: str
    turns: tuple[SaidTurn, ...]
    questions: tuple[Asked, ...]
    repaired: int
    skipped: int

    @cached_property
    def _by_key(self) -> dict[tuple[int, int], SaidTurn]:
        return {turn.key: turn for turn in self.turns}

    def first(self, questions: int) -> "History":
        return replace(self, questions=self.questions[:questions])

    def fitting(self, found: Sequence[tuple[int, int]], max_bytes: int) -> list[tuple[int, int]]:
        """Return what of a ranked list fits a budget, as Echo would show it."""
        thread = ThreadRef(_WEB, self.name)
        ranked = [RecalledTurn(self._by_key[key], thread, _name(self._by_key[key]), 0.0) for key in found]
        return [turn.said.key for turn in within(ranked, RecallBudget(max_bytes)).turns]


def read_histories(path: Path) -> list[History]:
    """Read a file of dialogues."""
    conversations = count(1)
    messages = count(1)
    return [_history(sample, conversations, messages) for sample in json.loads(path.read_text(encoding="utf-8"))]


def _history(sample: Mapping[str, object], conversations: Iterator[int], messages: Iterator[int]) -> History:
    name = str(sample["sample_id"])
    said, places = [], {}
    conversation = sample["conversation"]
    assert isinstance(conversation, dict)
    numbers = sorted(int(key.split("_")[1]) for key in conversation if re.fullmatch(r"session_\d+", key))
    for number in numbers:
        told = str(conversation[f"session_{number}_date_time"]).strip()
        began = datetime.strptime(f"{told} +0000", "%I:%M %p on %d %B, %Y %z")
        conversation_id = next(conversations)
        for at, turn in enumerate(conversation[f"session_{number}"]):
            said_at = began + timedelta(minutes=at)
            key = (conversation_id, next(messages))
            said.append(SaidTurn(*key, said_at, f"{name}-{turn['speaker']}", turn["text"]))
            places[turn["dia_id"]] = key
    asked = sample["qa"]
    assert isinstance(asked, list)
    return _with_questions(name, said, places, [each for each in asked if each["category"] != _ADVERSARIAL])


def _with_questions(
    name: str, said: list[SaidTurn], places: Mapping[str, tuple[int, int]], asked: Sequence[Mapping[str, object]]
) -> History:
    questions, repaired, skipped = [], 0, 0
    for each in asked:
        given = each["evidence"]
        assert isinstance(given, list)
        ids = [f"D{session}:{turn}" for text in given for session, turn in _EVIDENCE.findall(str(text))]
        evidence = frozenset(places[found] for found in ids if found in places)
        repaired += bool(evidence) and (ids != given or len(evidence) < len(set(ids)))
        skipped += not evidence
        if evidence:
            category = each["category"]
            assert isinstance(category, int)
            questions.append(Asked(str(each["question"]), category, evidence))
    return History(name, tuple(said), tuple(questions), repaired, skipped)


def stored(history: History) -> list[StoredConversation]:
    """Return the conversations of a history as a store keeps them."""
    return [_stored(list(turns)) for _, turns in groupby(history.turns, key=lambda turn: turn.conversation_id)]


def _stored(turns: list[SaidTurn]) -> StoredConversation:
    speakers = {turn.speaker: _name(turn) for turn in turns if turn.speaker}
    thread = ThreadRef(_WEB, "-".join(sorted(speakers)))
    head = ConversationHead(
        conversation_id=turns[0].conversation_id,
        thread=thread,
        requester=turns[0].speaker,
        created_at=turns[0].said_at,
        updated_at=turns[-1].said_at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename=f"{turns[0].conversation_id}.json",
        state=ConversationState.ENDED,
        last_message_at=turns[-1].said_at,
        ended_at=turns[-1].said_at,
    )
    messages = tuple(
        Message(turn.said_at, MessageType.CHAT, turn.text, requester=turn.speaker, message_id=turn.message_id)
        for turn in turns
    )
    return StoredConversation(head, messages, speakers)


def _name(turn: SaidTurn) -> str:
    return (turn.speaker or "Echo").rpartition("-")[2]
