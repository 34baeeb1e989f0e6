"""A batch of memories survives a model that fails and the death of its process; `-m tests.e2e.kill_memories`: more."""

from pathlib import Path

import pytest

from tests.e2e.kill_memories.campaign import Campaign
from tests.fakes.databases import KINDS, database_of


# On PostgreSQL the work of a process that was killed is taken over once it has been silent for half a minute.
@pytest.mark.timeout(180)
@pytest.mark.parametrize(("kind", "kills"), [*zip(KINDS, (2, 1), strict=True)])
async def test_each_conversation_gets_its_memory_once(kind: str, kills: int, tmp_path: Path) -> None:
    folder = tmp_path / "conversations"
    folder.mkdir()
    with database_of(kind, folder) as url:
        verdict = await Campaign(folder, url, conversations=40, failing_share=0.1, kills=kills).run()
    assert verdict.problems == []
    assert verdict.failed_calls > 0
    assert verdict.asked_again <= kills * 2 * 8
