"""`python -m tests.e2e.kill_forgetting [KILLS]`: a longer campaign than the test's, on both databases."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.e2e.kill_forgetting.campaign import Campaign
from tests.fakes.databases import KINDS, database_of


def main() -> int:
    """Run it; 1 when something is wrong."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    problems: list[str] = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "conversations"
            data.mkdir()
            with database_of(kind, data) as url:
                campaign = Campaign(data, url, conversations=600, kills=kills, show=print)
                problems += [f"{kind}: {problem}" for problem in asyncio.run(campaign.run())]
    print("\n".join(problems) or "nothing is wrong")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
