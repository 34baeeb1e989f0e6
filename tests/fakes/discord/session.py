"""A bot's session on the gateway: what it was told, and what it missed."""

from __future__ import annotations

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.discord.events import Event
from tests.fakes.discord.wire import Json, dumped

if TYPE_CHECKING:
    from tests.fakes.discord.connection import Connection

_KEPT_EVENTS = 10_000


@dataclass(slots=True, eq=False)
class Session:
    """Counts its events and keeps them for a RESUME, whether a connection is there or not."""

    intents: int
    shard: tuple[int, int]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    connection: Connection | None = None
    lost_at: float | None = None
    _kept: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=_KEPT_EVENTS), repr=False)
    _last: list[tuple[str, Json]] = field(default_factory=list, repr=False)

    @property
    def is_connected(self) -> bool:
        return self.connection is not None

    def tell(self, event: Event, bot_id: int) -> None:
        if event.concerns(self.intents, self.shard):
            self.dispatch(event.name, event.data_for(self.intents, bot_id))

    def dispatch(self, name: str, data: Json) -> None:
        """Count an event, keep it and send it where somebody listens."""
        self.seq += 1
        frame = dumped({"op": 0, "t": name, "s": self.seq, "d": data})
        self._kept.append((self.seq, frame))
        self._last = [one for one in self._last if one[0] != name] + [(name, data)]
        if self.connection is not None:
            self.connection.send(frame)

    def repeat(self, name: str | None) -> None:
        """Tell the last event, or the last of that name, a second time."""
        found = [one for one in self._last if name in (None, one[0])]
        assert found, f"nothing named {name} was told yet"
        self.dispatch(*found[-1])

    def can_replay_after(self, seq: int) -> bool:
        return not self._kept or seq + 1 >= self._kept[0][0]

    def replay_after(self, seq: int) -> None:
        assert self.connection is not None
        for number, frame in self._kept:
            if number > seq:
                self.connection.send(frame)

    def attach(self, connection: Connection) -> None:
        """Go on over this connection; an older one is closed, as Discord does."""
        if self.connection is not None:
            self.connection.close(4000)
        self.connection, self.lost_at = connection, None

    def detach(self, connection: Connection) -> None:
        if self.connection is connection:
            self.connection, self.lost_at = None, time.monotonic()
