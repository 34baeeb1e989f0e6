"""Reads the transcripts as any program would, and says what is wrong with them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dialogues import Dialogue


@dataclass(frozen=True, slots=True)
class Transcripts:
    """Every JSON file of a folder, the conversation that began first at the head."""

    files: tuple[Mapping[str, object], ...]

    @classmethod
    def read(cls, folder: Path) -> "Transcripts":
        found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
        return cls(tuple(sorted(found, key=lambda file: (file["created_at"], file["conversation_id"]))))

    def entries(self, thread_id: str | None = None) -> list[Mapping[str, object]]:
        """Return the history of a thread, or of all of them, conversation by conversation."""
        chosen = (file for file in self.files if thread_id in (None, file["thread_id"]))
        return [entry for file in chosen for entry in _history(file)]

    def carried_bytes(self) -> list[int]:
        """Return the sizes of the summaries that conversations began with."""
        carried = (str(file["carried_summary"]) for file in self.files)
        return [len(text.encode()) for text in carried if text]


def problems(transcripts: Transcripts, dialogues: Sequence[Dialogue]) -> Iterator[str]:
    """Yield a sentence for everything that is missing, doubled or in the wrong place."""
    for dialogue in dialogues:
        expected = [text for exchange in dialogue.exchanges for text in (exchange.said, exchange.answer)]
        found = [str(entry["message_content"]) for entry in transcripts.entries(dialogue.name)]
        if found != expected:
            yield f"{dialogue.name}: {len(found)} messages where {len(expected)} were said, or in another order"
    expected_count = 2 * sum(len(dialogue.exchanges) for dialogue in dialogues)
    ids = Counter(entry["message_id"] for entry in transcripts.entries())
    if len(ids) != expected_count or max(ids.values()) != 1:
        yield f"{len(ids)} different message ids where {expected_count} messages were said"
    events = Counter(_event_id(entry) for entry in transcripts.entries())
    del events[None]
    if len(events) * 2 != expected_count or max(events.values()) != 1:
        yield f"{len(events)} different event ids where {expected_count // 2} messages came in"


def _history(file: Mapping[str, object]) -> list[Mapping[str, object]]:
    history = file["history"]
    assert isinstance(history, list)
    return history


def _event_id(entry: Mapping[str, object]) -> object:
    meta = entry["meta"]
    assert isinstance(meta, dict)
    return meta.get("event_id")
