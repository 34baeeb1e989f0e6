"""Messages of replies without a network: what is asked for happens at once, in buckets that move with the clock."""

import asyncio
from dataclasses import dataclass, field

from source.adapters.discord.replies.look import Payload
from source.adapters.discord.replies.messages import Standing
from source.adapters.discord.replies.pace import Allowance, Bucket, Paces
from tests.fakes.clock import FakeClock

LIMIT, WINDOW_SECONDS = 5, 5.0


@dataclass
class FakeWindow:
    """Discord's side of a bucket."""

    opened_at: float = -WINDOW_SECONDS
    used: int = 0

    def take(self, now: float) -> Allowance:
        if now - self.opened_at >= WINDOW_SECONDS:
            self.opened_at, self.used = now, 0
        self.used += 1
        return Allowance(LIMIT, max(0, LIMIT - self.used), self.opened_at + WINDOW_SECONDS - now)


@dataclass
class FakeMessages:
    """Implements Messages; `log` is what was asked and when, `errors` are raised first, one a request.

    `excess` counts requests that Discord would have answered with a 429.
    """

    clock: FakeClock
    log: list[tuple[str, float]] = field(default_factory=list)
    contents: dict[int, str] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    held: asyncio.Event | None = None
    excess: int = 0

    def __post_init__(self) -> None:
        self.paces = Paces(self.clock)
        self._windows: dict[tuple[int, str], FakeWindow] = {}

    def times(self, kind: str) -> list[float]:
        """When requests of a kind were made, in seconds."""
        return [at for what, at in self.log if what == kind]

    async def create(self, channel_id: int, payload: Payload, *, file: str | None = None) -> Standing:
        await self._ask("create", channel_id, self.paces.of(channel_id).posts)
        message_id = 1_000 + len(self.contents)
        self.contents[message_id] = str(payload["content"])
        return Standing(message_id, self.contents[message_id], tuple(_custom_ids(payload)))

    async def edit(self, channel_id: int, message_id: int, payload: Payload, *, file: str | None = None) -> None:
        await self._ask("edit", channel_id, self.paces.of(channel_id).edits)
        self.contents[message_id] = str(payload.get("content", self.contents[message_id]))

    async def delete(self, channel_id: int, message_id: int) -> None:
        await self._ask("delete", channel_id, Bucket())
        del self.contents[message_id]

    async def after(self, channel_id: int, message_id: int) -> list[Standing]:
        await self._ask("after", channel_id, Bucket())
        return []

    async def typing(self, channel_id: int) -> None:
        await self._ask("typing", channel_id, Bucket())

    async def _ask(self, kind: str, channel_id: int, bucket: Bucket) -> None:
        now = self.clock.monotonic()
        bucket.sent(now)
        await asyncio.sleep(0)
        if self.held is not None and kind == "edit":
            await self.held.wait()
        self.log.append((kind, now))
        if self.errors:
            raise self.errors.pop(0)
        window = self._windows.setdefault((channel_id, kind), FakeWindow())
        bucket.answered(window.take(now), now)
        self.excess += window.used > LIMIT


def _custom_ids(payload: Payload) -> list[str]:
    rows = payload.get("components", [])
    assert isinstance(rows, list)
    return [str(button["custom_id"]) for row in rows for button in row["components"]]
