"""Months of dialogue through the real turn path: what Echo sends, what it would cost, and whether all is kept.

Baselines: one conversation for ever, and a window that slides over the last 50 messages, both made of
the same texts, with the same system prompt and tools, counted in the same way.
"""

import asyncio
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import measure
from benchmarks.dialogues import Dialogue, load_dialogues
from benchmarks.prompt_costs import Bill, Cost, as_one_conversation, total
from benchmarks.replay_run import Played, play
from benchmarks.transcript_check import Transcripts, problems
from source.app.composition import open_reader
from source.app.settings import Settings
from tests.fakes.openai_tokens import BYTES_PER_TOKEN

_WINDOW = 50


def _as_one_conversation(played: Sequence[Played], *, last: int | None = None) -> Cost:
    bills = [Bill() for _ in played]
    for bill, each in zip(bills, played, strict=True):
        said = [text for exchange in each.dialogue.exchanges for text in (exchange.said, exchange.answer)]
        assert each.first is not None
        prompts = as_one_conversation(each.first, said, last=last)
        for body, exchange in zip(prompts, each.dialogue.exchanges, strict=True):
            bill.add(body, exchange.said_at)
    return total(bills)


def _table(costs: dict[str, Cost]) -> measure.Table:
    forever = next(iter(costs.values()))
    rows = [
        [
            name,
            f"{cost.calls:,}",
            f"{cost.tokens:,}",
            f"{cost.tokens / forever.tokens:.1%}",
            f"{cost.priced / forever.priced:.1%}",
            f"{cost.priced_in_steps / forever.priced_in_steps:.1%}",
            f"{cost.priced_unexpiring / forever.priced_unexpiring:.1%}",
            f"{cost.mean_repeated:.1%}",
            f"{cost.median_repeated:.1%}",
        ]
        for name, cost in costs.items()
    ]
    heads = ["", "calls", "input tokens", "share", "price", "in steps", "unexpiring", "repeats, mean", "median"]
    return measure.Table(heads, rows)


async def _stored_counts(settings: Settings) -> tuple[int, int]:
    async with open_reader(settings) as catalog:
        conversations = await catalog.count()
        listing = await catalog.listing(limit=conversations)
        return conversations, sum(line.message_count for line in listing)


def _report(played: Sequence[Played], transcripts: Transcripts, took: float) -> None:
    replies = sum(len(each.dialogue.exchanges) for each in played)
    print(f"{len(played)} dialogues, {replies:,} replies in {took:.1f} s ({took / replies * 1000:.1f} ms each)\n")
    costs = {
        "one conversation for ever": _as_one_conversation(played),
        f"last {_WINDOW} messages": _as_one_conversation(played, last=_WINDOW),
        "echo": total([each.bill for each in played]),
    }
    print(_table(costs))
    calls, tokens = sum(each.summary_calls for each in played), sum(each.summary_tokens for each in played)
    carried = transcripts.carried_bytes() or [0]
    print(
        f"\nOf Echo's input, {tokens:,} tokens are {calls} summary calls. {len(transcripts.files)} conversations; "
        f"carried summaries: {statistics.fmean(carried) / BYTES_PER_TOKEN:.0f} tokens on average.\n"
        "Price: a prefix that repeats the thread's previous prompt within an hour costs 10 %; in steps: only such\n"
        "prefixes as OpenAI caches (from 1,024 tokens, in steps of 128); unexpiring: as if a cache lasted for ever."
    )


def _check(transcripts: Transcripts, dialogues: Sequence[Dialogue], stored: tuple[int, int]) -> bool:
    """Print whether every message is in exactly one transcript and in the store."""
    found = list(problems(transcripts, dialogues))
    written = (len(transcripts.files), len(transcripts.entries()))
    if written != stored:
        found.append(f"conversations and messages: {written} in transcripts, {stored} in the store")
    for problem in found:
        print(f"WRONG: {problem}")
    if not found:
        print(f"\nEach of {written[1]:,} messages is in exactly one of {written[0]} transcripts, and in the store.")
    return not found


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("file", type=Path, help="dialogues in the format of LoCoMo")
    parser.add_argument("--durability", choices=["full", "normal"], default="full")
    parser.add_argument("--excerpts", action="store_true", help="summaries without the model")
    given = parser.parse_args()
    measure.begin("Replay", durability=given.durability)
    dialogues = load_dialogues(given.file)
    if given.quick:
        first = dialogues[0]
        dialogues = [Dialogue(first.name, first.person, first.exchanges[:40])]
    with measure.temporary_folder() as folder:
        overrides: dict[str, object] = {"durability": given.durability}
        if given.excerpts:
            overrides["summarize_old_conversations"] = False
        watch = measure.Stopwatch()
        played = asyncio.run(play(dialogues, folder, **overrides))
        took = watch.lap()
        transcripts = Transcripts.read(folder)
        _report(played, transcripts, took)
        stored = asyncio.run(_stored_counts(measure.settings_in(folder)))
        if not _check(transcripts, dialogues, stored):
            sys.exit(1)


if __name__ == "__main__":
    main()
