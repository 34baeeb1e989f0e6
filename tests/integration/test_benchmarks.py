"""Every benchmark still runs; what it measures is read by people."""

import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.e2e.warm_program import WarmProgram

# Some measure for half a minute, on a machine that has nothing else to do.
pytestmark = pytest.mark.timeout(240)

SESSIONS = {
    "1:00 pm on 8 May, 2023": [("Ann", "I found a lighthouse."), ("Bo", "Where?"), ("Ann", "At the sea.")],
    "2:30 pm on 9 May, 2023": [("Bo", "Tell me more."), ("Ann", "It is red."), ("Bo", "How tall?")],
    "9:15 am on 20 May, 2023": [("Ann", "I went there again."), ("Bo", "What did you see?")],
}


def _run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as folder:
        shown, errors = Path(folder) / "out", Path(folder) / "err"
        command = ["-m", f"benchmarks.{name}", "--quick", *arguments]
        code = WarmProgram(command, os.environ, stdout=shown, stderr=errors).wait()
        return subprocess.CompletedProcess(command, code, shown.read_text(), errors.read_text())


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    conversation: dict[str, object] = {"speaker_a": "Ann", "speaker_b": "Bo"}
    for number, (when, turns) in enumerate(SESSIONS.items(), start=1):
        conversation[f"session_{number}_date_time"] = when
        conversation[f"session_{number}"] = [{"speaker": speaker, "text": text} for speaker, text in turns]
    path = tmp_path / "dialogues.json"
    path.write_text(json.dumps([{"sample_id": "ann", "conversation": conversation}]), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["idle", "cold_load", "turn_cost", "start"])
def test_a_benchmark_prints_its_figures(name: str) -> None:
    done = _run(name)
    assert done.returncode == 0, done.stderr
    assert "ratio" in done.stdout or "naive" in done.stdout


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("api_load", "durable write"),
        ("archive", "byte for byte"),
        ("discord_load", "longest freeze"),
        ("discord_start", "first answer"),
        ("scrubbing", "precision"),
        ("facts_quality", "known at the end"),
        ("recall_scale", "everything, as the operator"),
        ("stream_parsing", "pieces"),
    ],
)
def test_a_benchmark_over_the_wire_prints_its_figures(name: str, figure: str) -> None:
    done = _run(name)
    assert done.returncode == 0, done.stderr
    assert figure in done.stdout


def test_a_replay_keeps_every_message_and_shows_what_was_sent(dialogues: Path) -> None:
    done = _run("replay", str(dialogues))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 conversations" in done.stdout
    assert "Each of 8 messages is in exactly one of 2 transcripts" in done.stdout


def test_suggestions_of_topics_are_counted() -> None:
    done = _run("topics")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "suggestions right" in done.stdout
