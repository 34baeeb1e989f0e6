"""The check that every message is in exactly one transcript."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from benchmarks.dialogues import Dialogue, Exchange
from benchmarks.transcript_check import Transcripts, problems

WHEN = datetime(2023, 5, 8, tzinfo=UTC)
DIALOGUE = Dialogue("t", "Ann", (Exchange(WHEN, "Hi", "Hello"), Exchange(WHEN, "Bye", "See you")))


def _entry(message_id: int, text: str, event_id: str | None = None) -> dict[str, object]:
    return {"message_id": message_id, "message_content": text, "meta": {"event_id": event_id} if event_id else {}}


def _file(*entries: dict[str, object]) -> Mapping[str, object]:
    return {"thread_id": "t", "history": list(entries), "carried_summary": ""}


FIRST = _file(_entry(1, "Hi", "e1"), _entry(2, "Hello"))
SECOND = _file(_entry(3, "Bye", "e2"), _entry(4, "See you"))


def test_whole_transcripts_have_no_problem() -> None:
    assert list(problems(Transcripts((FIRST, SECOND)), [DIALOGUE])) == []


@pytest.mark.parametrize(
    "files",
    [
        (FIRST,),
        (SECOND, FIRST),
        (FIRST, SECOND, SECOND),
        (FIRST, _file(_entry(2, "Bye", "e2"), _entry(4, "See you"))),
        (FIRST, _file(_entry(3, "Bye", "e1"), _entry(4, "See you"))),
        (),
    ],
    ids=["missing", "out of order", "doubled", "an id twice", "an event twice", "nothing"],
)
def test_anything_else_is_reported(files: tuple[Mapping[str, object], ...]) -> None:
    assert list(problems(Transcripts(files), [DIALOGUE]))
