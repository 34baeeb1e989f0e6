"""Each message is answered once, and everybody's in order, whatever Meta and whoever kills Echo do."""

from pathlib import Path

import pytest

from tests.e2e.whatsapp_simulation import Plan, simulated


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # who is killed closes nothing
async def test_forty_busy_seconds_with_three_kills(tmp_path: Path) -> None:
    outcome = await simulated(Plan(messages=150, people=30, seed=6, seconds=40.0, restarts=3), tmp_path)
    assert outcome.problems == []
    assert outcome.answered.total() == 150
    assert outcome.repeats > 0
    assert outcome.said_again == 0
