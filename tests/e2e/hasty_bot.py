"""`python bot.py`, but what it had begun on PostgreSQL is taken over seconds after its death, not half a minute."""

import sys
from datetime import timedelta
from functools import partial

from source.adapters.tasks.engine import EngineSettings
from source.app import operations
from source.app.cli import main

SILENCE = timedelta(seconds=3)

if __name__ == "__main__":
    vars(operations)["EngineSettings"] = partial(EngineSettings, silence=SILENCE)
    sys.exit(main())
