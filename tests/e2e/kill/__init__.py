"""Echo is killed at random instants and must lose nothing: `python -m tests.e2e.kill --kills 200 --seed 1`."""
