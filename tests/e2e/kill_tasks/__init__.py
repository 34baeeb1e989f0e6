"""Processes that do tasks are killed at random instants: `python -m tests.e2e.kill_tasks --kills 100 --seed 1`."""
