"""What a process that may be killed has seen happen; outside of everything that Echo writes."""

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from source.domain.thread import ThreadRef


class Journal:
    """Appends one line for each thing seen; a line that was written survives the kill of its process."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def accepted(self, event_id: str) -> None:
        self._note(f"accepted {event_id}")

    def repeated(self, event_id: str) -> None:
        self._note(f"repeated {event_id}")

    def delivered(self, thread: ThreadRef, text: str) -> None:
        self._note(f"delivered {thread.thread_id}/{digest(text)}")

    def failed(self, thread: ThreadRef) -> None:
        self._note(f"failed {thread.thread_id}")

    def commanded(self, name: str) -> None:
        self._note(f"commanded {name}")

    def _note(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was seen in a campaign."""

    accepted: Counter[str]
    repeated: Counter[str]
    delivered: Counter[str]
    failed: int
    commanded: Counter[str]


def read_journal(path: Path) -> Seen:
    """Read the journal as far as it has come."""
    kinds: dict[str, Counter[str]] = {
        kind: Counter() for kind in ("accepted", "repeated", "delivered", "failed", "commanded")
    }
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for line in lines:
        kind, _, what = line.partition(" ")
        kinds[kind][what] += 1
    return Seen(
        accepted=kinds["accepted"],
        repeated=kinds["repeated"],
        delivered=kinds["delivered"],
        failed=kinds["failed"].total(),
        commanded=kinds["commanded"],
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
