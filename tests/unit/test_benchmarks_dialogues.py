"""Dialogues of two people, as what one says and the model answers."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.dialogues import ACKNOWLEDGED, Dialogue, Exchange, load_dialogues

ONE_OCLOCK = datetime(2023, 5, 8, 13, 0, tzinfo=UTC)
TWO_PAST = datetime(2023, 5, 8, 13, 2, tzinfo=UTC)


def _dialogue(tmp_path: Path, *sessions: list[tuple[str, str]]) -> Dialogue:
    conversation: dict[str, object] = {"speaker_a": "Ann", "speaker_b": "Bo"}
    for number, turns in enumerate(sessions, start=1):
        conversation[f"session_{number}_date_time"] = f"1:00 pm on {7 + number} May, 2023"
        conversation[f"session_{number}"] = [{"speaker": speaker, "text": text} for speaker, text in turns]
    path = tmp_path / "dialogues.json"
    path.write_text(json.dumps([{"sample_id": "ann", "conversation": conversation}]), encoding="utf-8")
    (dialogue,) = load_dialogues(path)
    return dialogue


def test_one_speaker_is_the_person_and_the_other_answers(tmp_path: Path) -> None:
    dialogue = _dialogue(tmp_path, [("Ann", "Hi"), ("Bo", "Hello"), ("Ann", "Bye"), ("Bo", "See you")])
    assert dialogue.person == "Ann"
    assert dialogue.exchanges == (Exchange(ONE_OCLOCK, "Hi", "Hello"), Exchange(TWO_PAST, "Bye", "See you"))


def test_turns_in_a_row_are_one_message(tmp_path: Path) -> None:
    dialogue = _dialogue(tmp_path, [("Ann", "Hi"), ("Ann", "there"), ("Bo", "Hello"), ("Bo", "Ann")])
    assert dialogue.exchanges == (Exchange(ONE_OCLOCK, "Hi\nthere", "Hello\nAnn"),)


def test_an_opening_by_the_other_stands_before_the_persons_first_message(tmp_path: Path) -> None:
    dialogue = _dialogue(tmp_path, [("Bo", "Hey Ann"), ("Ann", "Hi"), ("Bo", "Well?")])
    assert [(exchange.said, exchange.answer) for exchange in dialogue.exchanges] == [("Hey Ann\nHi", "Well?")]


@pytest.mark.parametrize("turns", [[("Ann", "Bye")], [("Bo", "Bye")]])
def test_what_a_session_leaves_unanswered_is_acknowledged(tmp_path: Path, turns: list[tuple[str, str]]) -> None:
    dialogue = _dialogue(tmp_path, turns)
    assert dialogue.exchanges == (Exchange(ONE_OCLOCK, "Bye", ACKNOWLEDGED),)


def test_sessions_lie_at_their_dates(tmp_path: Path) -> None:
    dialogue = _dialogue(tmp_path, [("Ann", "one"), ("Bo", "1")], [("Ann", "two"), ("Bo", "2")])
    assert [exchange.said_at.day for exchange in dialogue.exchanges] == [8, 9]


def test_a_turn_that_is_only_a_picture_has_its_caption_as_text(tmp_path: Path) -> None:
    dialogue = _dialogue(tmp_path, [("Ann", "  "), ("Bo", "Nice")])
    assert dialogue.exchanges[0].said == "(a picture: no words)"
