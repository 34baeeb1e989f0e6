"""How much of the evidence is found with other weights of the ranking."""

import statistics
from collections.abc import Sequence

import numpy as np

from benchmarks.recall_dialogues import History
from source.domain.recall.index import SaidIndex
from source.domain.recall.question import read_question
from source.domain.recall.ranking import Weights, ranked
from source.domain.recall.related import RelatedWords
from source.domain.recall.turns import indexed

_BYTES = (4_000, 8_000, 16_000)


def with_weights(histories: Sequence[History], weights: Weights, related: RelatedWords) -> list[str]:
    """Return the evidence recall at each budget of bytes."""
    shares: list[list[float]] = [[] for _ in _BYTES]
    for history in histories:
        index = SaidIndex([indexed(turn) for turn in history.turns])
        people = {turn.speaker: turn.speaker.rpartition("-")[2] for turn in history.turns if turn.speaker}
        today = history.turns[-1].said_at.date()
        for asked in history.questions:
            question = read_question(asked.question, people=people, askers=frozenset(), today=today, years=index.years)
            order = np.argsort(-ranked(index, question, related, weights).scores, kind="stable").tolist()
            keys = [index.turns[place].key for place in order]
            for each, size in zip(shares, _BYTES, strict=True):
                each.append(len(asked.evidence & set(history.fitting(keys, size))) / len(asked.evidence))
    return [f"{statistics.fmean(each):.1%}" for each in shares]
