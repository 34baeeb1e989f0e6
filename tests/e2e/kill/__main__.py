"""Kill Echo many times and say what became of the messages."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.kill.campaign import Toll, run_campaign
from tests.e2e.kill.outcome import Outcome, judged
from tests.e2e.kill.worker import Place


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, help="folder for everything that is left; otherwise it is removed")
    options = parser.parse_args()
    print(f"{options.kills} kills, seed {options.seed}", flush=True)
    if options.keep is not None:
        options.keep.mkdir(parents=True)
        return _run(options.keep, options.kills, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder), options.kills, options.seed)


def _run(folder: Path, kills: int, seed: int) -> int:
    began = time.monotonic()
    outcome = asyncio.run(_campaign(folder, kills, seed))
    print(file=sys.stderr)
    print(outcome.summary(seconds=time.monotonic() - began))
    return 1 if outcome.problems else 0


async def _campaign(folder: Path, kills: int, seed: int) -> Outcome:
    place = Place(folder / "conversations", folder / "journal.txt", folder / "log.txt", model_url="http://127.0.0.1:9")
    return await judged(place, await run_campaign(place, kills=kills, seed=seed, progress=_show))


def _show(toll: Toll) -> None:
    print(f"\r{toll.kills} kills, {len(toll.problems)} problems …", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
