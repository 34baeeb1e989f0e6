"""JSON as it goes over the wire."""

import json
from datetime import UTC, datetime
from typing import Any

# JSON of any shape: what a handler reads of it, the handler checks.
Json = dict[str, Any]


def dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def id_text(value: int | None) -> str | None:
    return None if value is None else str(value)
