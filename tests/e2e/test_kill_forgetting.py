"""Somebody is forgotten wholly, however often the program is killed; `-m tests.e2e.kill_forgetting`: more."""

from pathlib import Path

import pytest

from tests.e2e.kill_forgetting.campaign import Campaign
from tests.fakes.databases import KINDS, database_of


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("kind", "kills"), [*zip(KINDS, (2, 1), strict=True)])
async def test_nothing_of_a_forgotten_person_is_left_and_nothing_of_others_is_lost(
    kind: str, kills: int, tmp_path: Path
) -> None:
    folder = tmp_path / "conversations"
    folder.mkdir()
    with database_of(kind, folder) as url:
        campaign = Campaign(folder, url, conversations=24, kills=kills)
        assert await campaign.run() == []
    assert campaign.killed == kills
