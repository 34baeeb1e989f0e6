"""How much of what answers a question is found, in dialogues of weeks, without any model.

Baselines, over the same turns in the same run: the last messages, and plain FTS5 with Porter's stemmer.
Evidence recall is the share of a question's evidence turns among those found; its mean over the questions of
categories 1 to 4 that have evidence. Tokens are UTF-8 bytes / 4 of what would be shown: a line with the day for
each conversation that is hit, and `Speaker: text` for each turn.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from benchmarks import measure
from benchmarks.recall_baselines import PlainIndex
from benchmarks.recall_dialogues import Asked, History, read_histories, stored
from source.adapters.llm.openai_embeddings import EmbeddingSettings, OpenAIEmbeddings
from source.adapters.storage.recall_table import RecallTable
from source.adapters.storage.sql_store import SqlStore
from source.app.embeddings import filler_of
from source.app.recall_parts import recall_over, related_words
from source.domain.recall import ranking
from source.domain.recall.passages import RecallBudget, Recollection
from source.domain.recall.related import RelatedWords
from source.ports.clock import SystemClock
from source.ports.embeddings import EmbeddingModel
from source.ports.recall import Eyes
from source.services.recall import RecallService

_BYTES_PER_TOKEN = 4
_TURNS = (5, 10, 25, 50)
_TOKENS = (1_000, 2_000, 4_000)
_ALL_AT = 2_000
_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
_UNBOUNDED_BYTES = 10_000_000

Found = Sequence[tuple[int, int]]
"""Turns by conversation and message id, the best first."""


@dataclass
class Score:
    """What one way of searching found."""

    by_budget: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    by_category: dict[tuple[int, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    whole: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, asked: Asked, found: dict[str, set[tuple[int, int]]], seconds: float) -> None:
        """Count what was found for a question within each budget."""
        for budget, keys in found.items():
            share = len(asked.evidence & keys) / len(asked.evidence)
            self.by_budget[budget].append(share)
            self.by_category[asked.category, budget].append(share)
        self.whole.append(asked.evidence <= found[f"{_ALL_AT:,} tokens"])
        self.seconds.append(seconds)

    def row(self, name: str) -> list[str]:
        shares = [f"{statistics.fmean(values):.1%}" for values in self.by_budget.values()]
        times = f"{statistics.median(self.seconds) * 1000:.1f} / {_p95(self.seconds) * 1000:.1f}"
        return [name, *shares, f"{statistics.fmean(self.whole):.1%}", times]


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def _within(found: Found, history: History) -> dict[str, set[tuple[int, int]]]:
    """Return what of a ranked list is within each budget."""
    result = {f"{count} turns": set(found[:count]) for count in _TURNS}
    for tokens in _TOKENS:
        result[f"{tokens:,} tokens"] = set(history.fitting(found, tokens * _BYTES_PER_TOKEN))
    return result


async def _searched(service: RecallService, asked: Asked) -> tuple[dict[str, set[tuple[int, int]]], float]:
    """Search within each budget, as a caller would; the time is that of one search, of 2,000 tokens."""
    found: dict[str, set[tuple[int, int]]] = {}
    took = 0.0
    for count in _TURNS:
        budget = RecallBudget(_UNBOUNDED_BYTES, count, bearing_only=False)
        found[f"{count} turns"] = _keys(await service.search(asked.question, Eyes(), budget))
    for tokens in _TOKENS:
        budget = RecallBudget(tokens * _BYTES_PER_TOKEN, bearing_only=False)
        began = time.perf_counter()
        recollection = await service.search(asked.question, Eyes(), budget)
        if tokens == _ALL_AT:
            took = time.perf_counter() - began
        assert recollection.size_bytes <= tokens * _BYTES_PER_TOKEN
        found[f"{tokens:,} tokens"] = _keys(recollection)
    return found, took


def _keys(found: Recollection) -> set[tuple[int, int]]:
    return {turn.said.key for turn in found.turns}


async def _measure(
    histories: Sequence[History], scores: dict[str, Score], embeddings: EmbeddingModel | None = None
) -> float:
    """Ask every question of each history; return the seconds that indexing took, read from the store and all."""
    indexing = 0.0
    for history in histories:
        with tempfile.TemporaryDirectory() as folder:
            store = await SqlStore.open(Path(folder) / "echo.db", clock=SystemClock(), durability="normal")
            try:
                await store.restore(stored(history))
                services = {
                    "echo": recall_over(store, SystemClock()),
                    "echo without related words": RecallService(RecallTable(store), SystemClock(), RelatedWords()),
                    "echo, as if it were long": RecallService(
                        RecallTable(store), SystemClock(), related_words(), most_turns=1
                    ),
                }
                if embeddings is not None:
                    await filler_of(embeddings, store, SystemClock()).fill(lambda _done, _total: None)
                    services["echo with embeddings"] = recall_over(store, SystemClock(), embeddings=embeddings)
                began = time.perf_counter()
                await services["echo"].search("what was said?", Eyes(), RecallBudget(100))
                indexing += time.perf_counter() - began
                plain = PlainIndex(history)
                for asked in history.questions:
                    for name, service in services.items():
                        scores[name].add(asked, *await _searched(service, asked))
                    for name, search in plain.ways.items():
                        _baseline(scores[name], asked, history, search)
            finally:
                await store.close()
    return indexing


def _baseline(score: Score, asked: Asked, history: History, search: Callable[[str], Found]) -> None:
    began = time.perf_counter()
    found = search(asked.question)
    score.add(asked, _within(found, history), time.perf_counter() - began)


def _merged(histories: Sequence[History]) -> History:
    """Return all histories as one of the same people."""
    turns = tuple(turn for history in histories for turn in history.turns)
    questions = tuple(asked for history in histories for asked in history.questions)
    return History("all", turns, questions, sum(history.repaired for history in histories), 0)


def _report(title: str, scores: dict[str, Score], indexing: float) -> None:
    heads = ["", *next(iter(scores.values())).by_budget, f"all at {_ALL_AT:,}", "ms, p50 / p95"]
    print(f"\n{title}: {len(next(iter(scores.values())).whole)} questions; indexed in {indexing * 1000:.0f} ms\n")
    print(measure.Table(heads, [score.row(name) for name, score in scores.items()]))
    rows = [
        [named, *(f"{statistics.fmean(scores['echo'].by_category[category, key]):.1%}" for key in _budgets())]
        for category, named in _CATEGORIES.items()
        if (category, _budgets()[0]) in scores["echo"].by_category
    ]
    print()
    print(measure.Table(["echo, by category", *_budgets()], rows))


def _budgets() -> list[str]:
    return [*(f"{count} turns" for count in _TURNS), *(f"{tokens:,} tokens" for tokens in _TOKENS)]


async def _weights(histories: Sequence[History]) -> None:
    """Print what becomes of the figures when a weight is left out, and when it is doubled."""
    from benchmarks.recall_weights import with_weights

    base = ranking.Weights()
    rows = [["as they are", *with_weights(histories, base, related_words())]]
    for weight in fields(base):
        for factor in (0.0, 0.5, 2.0):
            changed = ranking.Weights(**{weight.name: factor * getattr(base, weight.name)})
            rows.append([f"{weight.name} × {factor:g}", *with_weights(histories, changed, related_words())])
    print(measure.Table(["", *(f"{tokens:,} tokens" for tokens in _TOKENS)], rows))


def _arguments() -> argparse.Namespace:
    parser = measure.options(__doc__)
    parser.add_argument("dialogues", type=Path, help="a file in the format of LoCoMo")
    parser.add_argument("--weights", action="store_true", help="how much hangs on each weight of the ranking")
    parser.add_argument("--embeddings", metavar="URL", help="an OpenAI-compatible server, to search by meaning too")
    parser.add_argument("--model", default="", help="the server's embedding model; its key: EMBEDDING_API_KEY")
    parser.add_argument("--apart", action="store_true", help="also a table for each dialogue")
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> Iterator[History]:
    histories = read_histories(arguments.dialogues)
    for history in histories[:1] if arguments.quick else histories:
        yield history.first(10) if arguments.quick else history


async def main() -> int:
    arguments = _arguments()
    measure.begin(f"Recall over {arguments.dialogues.name}")
    histories = list(_chosen(arguments))
    print(
        f"{len(histories)} dialogues, {sum(len(each.turns) for each in histories):,} turns; "
        f"{sum(each.repaired for each in histories)} questions with malformed evidence repaired, "
        f"{sum(each.skipped for each in histories)} without any evidence skipped."
    )
    if arguments.weights:
        await _weights(histories)
        return 0
    groups: list[tuple[str, list[History]]] = [("each dialogue alone", histories)]
    if len(histories) > 1:
        groups.append(("all dialogues as one history", [_merged(histories)]))
    if arguments.apart:
        groups += [(history.name, [history]) for history in histories]
    embeddings = _embeddings(arguments)
    try:
        for title, chosen in groups:
            scores: dict[str, Score] = defaultdict(Score)
            indexing = await _measure(chosen, scores, embeddings)
            _report(title, scores, indexing)
    finally:
        if embeddings is not None:
            await embeddings.close()
    return 0


def _embeddings(arguments: argparse.Namespace) -> EmbeddingModel | None:
    """The model that is named; each question's vector is asked for once, within the first of its searches."""
    if not arguments.embeddings:
        return None
    key = os.environ.get("EMBEDDING_API_KEY")
    return OpenAIEmbeddings(EmbeddingSettings(arguments.model, key, arguments.embeddings))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
