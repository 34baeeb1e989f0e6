"""Kill processes that do tasks many times and say what became of the tasks."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.e2e.kill_tasks.campaign import Campaign
from tests.e2e.kill_tasks.verdict import Verdict, verdict_on
from tests.e2e.kill_tasks.worker import Place
from tests.fakes.databases import KINDS, database_of


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill_tasks", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    options = parser.parse_args()
    print(f"{options.kills} kills, seed {options.seed}, {options.database}", flush=True)
    with tempfile.TemporaryDirectory() as folder, database_of(options.database, Path(folder)) as url:
        began = time.monotonic()
        campaign = Campaign(Place(url, Path(folder)), Random(options.seed))
        asyncio.run(campaign.run(options.kills, _show))
        verdict: Verdict = verdict_on(campaign.place)
        print(f"\n{verdict.summary(kills=campaign.kills, seconds=time.monotonic() - began)}")
    return 1 if verdict.problems else 0


def _show(kills: int) -> None:
    print(f"\r{kills} kills …", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
