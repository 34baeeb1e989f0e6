"""Echo's command line: `python bot.py --help`."""

import sys

from source.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
