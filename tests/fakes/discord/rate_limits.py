"""Discord's rate limits: buckets by route and place, and one for everything."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.discord.call import Call

_HOOKS = ("/interactions/", "/webhooks/")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    count: int
    seconds: float


@dataclass(slots=True)
class Window:
    """A bucket while it is in use."""

    limit: Limit
    bucket: str
    opened_at: float
    used: int = 0

    def reset_after(self, now: float) -> float:
        return max(0.0, self.opened_at + self.limit.seconds - now)


@dataclass(frozen=True, slots=True)
class Excess:
    """A request that came too soon."""

    call: Call
    retry_after: float
    is_global: bool


@dataclass(slots=True)
class RateLimits:
    """What is enforced; `exceeded` keeps every request that was refused for it.

    `limits` names operations as `METHOD template`; those that are not named have `others`.
    """

    limits: dict[str, Limit] = field(
        default_factory=lambda: {
            "POST /channels/{channel_id}/messages": Limit(5, 5.0),
            "PATCH /channels/{channel_id}/messages/{message_id}": Limit(5, 5.0),
            "DELETE /channels/{channel_id}/messages/{message_id}": Limit(5, 1.0),
            "POST /channels/{channel_id}/typing": Limit(5, 5.0),
            # Of a webhook, so of one interaction's token.
            "POST /webhooks/{webhook_id}/{webhook_token}": Limit(5, 2.0),
            "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": Limit(5, 2.0),
            "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me": Limit(1, 0.25),
        }
    )
    others: Limit = Limit(50, 1.0)
    everything: Limit | None = None
    # Discord: a channel's name and topic can be changed twice in ten minutes.
    renames: Limit = Limit(2, 600.0)
    is_on: bool = True
    exceeded: list[Excess] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def take(self, call: Call) -> tuple[dict[str, str], Excess | None]:
        """Count a request; return the headers of its answer and whether it came too soon."""
        operation = f"{call.method} {call.template}"
        if not self.is_on or operation.endswith("/callback"):
            return {}, None
        window = self._window(operation, call.major, self.limits.get(operation, self.others))
        tight = [window, *self._further_windows(operation, call)]
        full = next((one for one in tight if one.used >= one.limit.count), None)
        if full is not None:
            return self._refuse(call, window, full)
        for one in tight:
            one.used += 1
        return self._headers(window), None

    def _further_windows(self, operation: str, call: Call) -> list[Window]:
        found = []
        if self.everything is not None and not call.template.startswith(_HOOKS):
            found.append(self._window("everything", "", self.everything))
        renames = isinstance(call.body, dict) and ("name" in call.body or "topic" in call.body)
        if operation == "PATCH /channels/{channel_id}" and renames:
            found.append(self._window("renames", call.major, self.renames))
        return found

    def _window(self, operation: str, major: str, limit: Limit) -> Window:
        now = self.clock()
        window = self._windows.get((operation, major))
        if window is None or window.reset_after(now) <= 0:
            bucket = hashlib.md5(operation.encode(), usedforsecurity=False).hexdigest()
            window = self._windows[operation, major] = Window(limit, bucket, now)
        return window

    def _refuse(self, call: Call, window: Window, full: Window) -> tuple[dict[str, str], Excess]:
        is_global = full.limit is self.everything
        excess = Excess(call, round(full.reset_after(self.clock()), 3), is_global)
        self.exceeded.append(excess)
        scope = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"} if is_global else _USER_SCOPE
        return {**self._headers(window), **scope, "Retry-After": str(int(excess.retry_after) + 1)}, excess

    def _headers(self, window: Window) -> dict[str, str]:
        after = window.reset_after(self.clock())
        return {
            "X-RateLimit-Limit": str(window.limit.count),
            "X-RateLimit-Remaining": str(max(0, window.limit.count - window.used)),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": window.bucket,
        }


_USER_SCOPE = {"X-RateLimit-Scope": "user"}
