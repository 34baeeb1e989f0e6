"""A person who tells all of their data, and where it may be found afterwards."""

import json
from collections.abc import Iterable
from pathlib import Path

from tests.fakes.openai_server import FakeOpenAIServer

MAIL, PHONE, CARD = "ada.lovelace@example.org", "+49 170 1234567", "4111 1111 1111 1111"
IBAN, ADDRESS, KEY = "DE89 3704 0044 0532 0130 00", "203.0.113.42", "sk-proj-Abcdefghij1234567890"
ALL = (MAIL, PHONE, CARD, IBAN, ADDRESS, KEY)
INTRODUCTION = f"I am {MAIL}, {PHONE}, card {CARD}, bank {IBAN}, at {ADDRESS}, key {KEY}. Remember that."
KINDS = ("email", "phone", "card", "iban", "ip", "secret")


def sent(server: FakeOpenAIServer) -> str:
    return json.dumps(server.requests, ensure_ascii=False) + json.dumps(server.requests)


def holds(text: str | bytes, pieces: Iterable[str] = ALL) -> list[str]:
    """Return which of the pieces are in there, as they are or without what parts their digits."""
    raw = text if isinstance(text, bytes) else text.encode()
    return [piece for piece in pieces if piece.encode() in raw or piece.replace(" ", "").encode() in raw]


def files_that_hold(folder: Path, pieces: Iterable[str] = ALL) -> dict[str, list[str]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"echo.db", "echo.db-wal"} <= {path.name for path in files}
    assert any(path.suffix == ".json" for path in files)
    return {path.name: found for path in files if (found := holds(path.read_bytes(), pieces))}
