"""Tests of Echo."""

import os
import sys

from tests.fast_folder import fast_folder

# Compiled once, whatever the developer's shell says, and not by every program that a test starts.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if folder := fast_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))  # where `tmp_path` is
