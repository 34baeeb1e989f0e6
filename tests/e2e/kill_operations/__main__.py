"""Archive, restore and clean up with a program that is killed again and again; say what became of it."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.e2e.kill_operations.campaign import Campaign
from tests.fakes.databases import KINDS, database_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill_operations", description=__doc__)
    parser.add_argument("--conversations", type=int, default=600)
    parser.add_argument("--kills", type=int, default=5, help="in each of the three parts")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "conversations"
        folder.mkdir()
        with database_of(options.database, folder) as url:
            kills = (options.kills, options.kills, options.kills)
            campaign = Campaign(folder, url, options.conversations, kills, Random(options.seed))
            campaign.show = lambda text: print(f"\r{text:60}", end="", file=sys.stderr, flush=True)
            began = time.monotonic()
            problems = asyncio.run(campaign.run())
            seconds = time.monotonic() - began
    print(
        f"\n{options.database}: {options.conversations} conversations archived, restored and cleaned up in "
        f"{seconds:.0f} s with {campaign.killed} kills, {len(problems)} problems"
    )
    for problem in problems[:20]:
        print(f"PROBLEM: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
