"""Reading server-sent events (WHATWG HTML, 9.2), as Echo's API sends them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

_END: Final = b"\n\n"


class Chunks(Protocol):
    """A body that is being received."""

    def iter_any(self) -> AsyncIterator[bytes]:
        """Yield what has come, as it comes."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """An event; what it holds is as the API documents it (Any: JSON)."""

    name: str
    data: Any


async def events_in(body: Chunks) -> AsyncIterator[Event]:
    """Yield the events of a body, of any length each; comments, which keep the connection open, are left out."""
    pending = bytearray()
    async for chunk in body.iter_any():
        searched = max(0, len(pending) - 1)
        pending += chunk
        while (end := pending.find(_END, searched)) >= 0:
            event = _event(pending[:end].decode())
            del pending[: end + len(_END)]
            searched = 0
            if event is not None:
                yield event


def _event(block: str) -> Event | None:
    fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
    return Event(fields["event"], json.loads(fields["data"])) if "data" in fields else None
