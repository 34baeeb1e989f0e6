"""Make a thousand memories with a model that fails and a process that is killed; say what became of them."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.e2e.kill_memories.campaign import Campaign
from tests.fakes.databases import KINDS, database_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill_memories", description=__doc__)
    parser.add_argument("--conversations", type=int, default=1_000)
    parser.add_argument("--failing", type=float, default=0.05, help="share of the model's calls that fail")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "conversations"
        folder.mkdir()
        with database_of(options.database, folder) as url:
            campaign = Campaign(
                folder, url, options.conversations, options.failing, options.kills, Random(options.seed)
            )
            campaign.show = lambda text: print(f"\r{text:60}", end="", file=sys.stderr, flush=True)
            began = time.monotonic()
            verdict = asyncio.run(campaign.run())
            seconds = time.monotonic() - began
    print(
        f"\n{options.database}: {len(verdict.memories)} memories of {verdict.conversations} conversations in "
        f"{seconds:.0f} s, {verdict.kills} kills, {verdict.failed_calls} failed calls, "
        f"{verdict.asked_again} answers for nothing; {verdict.task['output_data']}"
    )
    for problem in verdict.problems:
        print(f"PROBLEM: {problem}")
    return 1 if verdict.problems else 0


if __name__ == "__main__":
    sys.exit(main())
