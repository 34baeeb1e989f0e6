"""Idle conversations: what each costs in memory, and what their timers cost.

Baseline: plain dataclass messages in lists and one sleeping asyncio task for each conversation,
cancelled and started again by every message.
"""

import argparse
import asyncio
import json
import subprocess
import sys

from benchmarks import measure
from benchmarks.idle_cases import CASES, MESSAGES, TEXT_BYTES, Figures, measured

_BASELINE = "naive"
_FULL, _QUICK = 100_000, 50
_TRACED = 5_000


def _in_own_process(case: str, conversations: int, *, traced: bool) -> Figures:
    """Measure one case in a fresh process: memory that an earlier case gave back would hide growth."""
    command = [sys.executable, "-m", "benchmarks.idle", "--case", case, "--conversations", str(conversations)]
    done = subprocess.run([*command, *(["--traced"] if traced else [])], check=True, stdout=subprocess.PIPE)
    return Figures(**json.loads(done.stdout))


async def _compare(conversations: int, runs: int) -> None:
    found: dict[str, list[Figures]] = {case: [] for case in CASES}
    traced: dict[str, list[Figures]] = {case: [] for case in CASES}

    def case_of(case: str) -> measure.Case:
        async def run() -> float:
            figures = await asyncio.to_thread(_in_own_process, case, conversations, traced=False)
            found[case].append(figures)
            return figures.resident_bytes

        return run

    await measure.interleaved({case: case_of(case) for case in CASES}, runs=runs)
    for case in CASES:
        measure.progress(f"live bytes: {case}")
        traced[case].append(await asyncio.to_thread(_in_own_process, case, min(conversations, _TRACED), traced=True))
    print(_table(found, traced))


def _table(found: dict[str, list[Figures]], traced: dict[str, list[Figures]]) -> measure.Table:
    rows: list[list[str]] = []
    for label, source, name, shown in (
        ("resident, for each", found, "resident_bytes", _bytes),
        ("live objects, for each", traced, "live_bytes", _bytes),
        ("a message to each", found, "message_seconds", measure.duration),
        ("timer alone, for each", found, "timer_seconds", measure.duration),
        ("all leave: time", found, "leave_seconds", measure.duration),
        ("all leave: longest block", found, "block_seconds", measure.duration),
        ("full collection, at rest", found, "collect_seconds", measure.duration),
    ):
        medians = measure.medians({case: [getattr(each, name) for each in source[case]] for case in CASES})
        ratio = measure.ratio(medians["echo"], medians[_BASELINE])
        rows.append([label, *(shown(medians[case]) for case in CASES), ratio])
    return measure.Table(["", *CASES, f"echo / {_BASELINE}"], rows)


def _bytes(value: float) -> str:
    return f"{value:,.0f} B"


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--case", choices=list(CASES), help=argparse.SUPPRESS)
    parser.add_argument("--traced", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--conversations", type=int, help="how many (100,000)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median is shown (3)")
    given = parser.parse_args()
    conversations = given.conversations or (_QUICK if given.quick else _FULL)
    if given.case:
        print(json.dumps(measured(given.case, conversations, traced=given.traced)))
        return
    measure.begin(f"{conversations:,} idle conversations of {MESSAGES} messages of {TEXT_BYTES} bytes")
    asyncio.run(_compare(conversations, 1 if given.quick else given.runs))
    traced = min(conversations, _TRACED)
    print(f"\nMemory is beyond the text's UTF-8 bytes. Live objects: tracemalloc, {traced:,} conversations.")


if __name__ == "__main__":
    main()
