"""Archives are whole or not there, however often the program is killed; `-m tests.e2e.kill_operations`: more."""

from pathlib import Path

import pytest

from tests.e2e.kill_operations.campaign import Campaign
from tests.fakes.databases import KINDS, database_of


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("kind", "kills"), [*zip(KINDS, ((1, 1, 1), (1, 0, 1)), strict=True)])
async def test_nothing_is_half_archived_restored_or_deleted(
    kind: str, kills: tuple[int, int, int], tmp_path: Path
) -> None:
    folder = tmp_path / "conversations"
    folder.mkdir()
    with database_of(kind, folder) as url:
        campaign = Campaign(folder, url, conversations=30, kills=kills)
        assert await campaign.run() == []
    assert campaign.killed == sum(kills)
