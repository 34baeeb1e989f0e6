"""What is on disk, read without any of Echo's own code."""

import json
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@dataclass(frozen=True, slots=True)
class Row:
    """A message of the database."""

    message_id: int
    conversation_id: int
    message_type: str
    text: str
    requester: str | None
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The database and the transcripts after a campaign; `files` by name, archived ones too."""

    integrity: str
    messages: tuple[Row, ...]
    conversations: Mapping[int, Mapping[str, object]]
    events: tuple[Mapping[str, object], ...]
    files: Mapping[str, Mapping[str, object]]
    unreadable: tuple[str, ...]


def read_evidence(folder: Path) -> Evidence:
    with closing(sqlite3.connect(folder / "echo.db")) as database:
        database.row_factory = sqlite3.Row
        [integrity] = database.execute("PRAGMA integrity_check").fetchone()
        conversations = database.execute(
            "SELECT c.*, t.thread_id FROM conversations c JOIN threads t ON t.id = c.thread_key"
        ).fetchall()
        messages = database.execute(
            "SELECT id, conversation_id, message_type, content, requester, event_id"
            " FROM messages ORDER BY conversation_id, id"
        ).fetchall()
        events = [dict(row) for row in database.execute("SELECT * FROM events ORDER BY id")]
    files, unreadable = _files(folder)
    return Evidence(
        integrity=integrity,
        messages=tuple(Row(*row) for row in messages),
        conversations={int(row["id"]): dict(row) for row in conversations},
        events=tuple(events),
        files=files,
        unreadable=tuple(unreadable),
    )


def _files(folder: Path) -> tuple[dict[str, Mapping[str, object]], list[str]]:
    files: dict[str, Mapping[str, object]] = {}
    unreadable: list[str] = []
    for path in [*folder.glob("*.json"), *(folder / "archive").glob("*.json.zst")]:
        data = path.read_bytes()
        try:
            content = json.loads(zstd.decompress(data) if path.suffix == ".zst" else data)
        except (ValueError, zstd.ZstdError) as error:
            unreadable.append(f"{path.name}: {error}")
            continue
        name = path.name.removesuffix(".zst")
        if name in files:
            unreadable.append(f"{name}: in the folder and in the archive")
        files[name] = content
    return files, unreadable
