"""`python bot.py`, but what one that was killed has begun on PostgreSQL is taken over after seconds, not half a minute."""

import sys
from datetime import timedelta
from functools import partial

from source.app import operations
from source.app.cli import main

SILENCE = timedelta(seconds=3)

if __name__ == "__main__":
    operations.EngineSettings = partial(operations.EngineSettings, silence=SILENCE)  # type: ignore[misc, assignment]
    sys.exit(main())
