"""Nothing that was accepted is lost or answered twice, whenever the process is killed."""

import sys
from pathlib import Path

import pytest

from tests.e2e.kill.campaign import Toll, run_campaign
from tests.e2e.kill.outcome import judged
from tests.e2e.kill.worker import Place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL and no fork server")

_KILLS = 20


@pytest.mark.timeout(240)
async def test_every_accepted_message_is_kept_once_and_answered_once_however_often_echo_is_killed(
    tmp_path: Path,
) -> None:
    place = Place(
        tmp_path / "conversations", tmp_path / "journal.txt", tmp_path / "log.txt", model_url="http://127.0.0.1:9"
    )

    toll = await run_campaign(place, kills=_KILLS, seed=7, progress=_ignore)

    outcome = await judged(place, toll)
    assert list(outcome.problems) == []
    assert outcome.seen.accepted.total() > _KILLS, "too little happened for the kills to prove anything"
    assert toll.unanswered > 0, "no kill came between accept and reply"


def _ignore(_toll: Toll) -> None:
    pass
