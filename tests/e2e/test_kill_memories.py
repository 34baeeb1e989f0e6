"""A batch of memories survives a model that fails and the death of its process; `-m tests.e2e.kill_memories`: more."""

from pathlib import Path

import pytest

from tests.e2e.kill_memories.campaign import Campaign
from tests.fakes.databases import KINDS, database_of


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_conversation_gets_its_memory_once(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "conversations"
    folder.mkdir()
    with database_of(kind, folder) as url:
        verdict = await Campaign(folder, url, conversations=24, failing_share=0.1, kills=1).run()
    assert verdict.problems == []
    assert verdict.failed_calls > 0
    assert verdict.asked_again <= 2 * 8
