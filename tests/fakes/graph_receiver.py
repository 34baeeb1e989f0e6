"""A small receiver of webhooks: checks their signature, keeps what they say, answers as told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import deque
from types import TracebackType

from aiohttp import web

from tests.fakes.graph_account import Account
from tests.fakes.graph_errors import Json

SILENCE = 0


class Receiver:
    """Answers 200, unless `answers` has another status for the next POST; `SILENCE` never answers."""

    def __init__(self, account: Account) -> None:
        self.bodies: list[Json] = []
        self.raw: list[bytes] = []
        self.answers: deque[int] = deque()
        self._secret = account.app_secret.encode()
        self._verify_token = account.verify_token
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/webhooks/whatsapp"

    @property
    def changes(self) -> list[Json]:
        """All changes of all entries, in the order in which they came."""
        return [change for body in self.bodies for entry in body["entry"] for change in entry["changes"]]

    def items(self, key: str) -> list[Json]:
        """All elements of one array of the changes: `messages`, `statuses`, …"""
        return [item for change in self.changes for item in change["value"].get(key, ())]

    async def __aenter__(self) -> Receiver:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_get("/webhooks/whatsapp", self._challenge)
        app.router.add_post("/webhooks/whatsapp", self._take)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _challenge(self, request: web.Request) -> web.Response:
        if request.query.get("hub.verify_token") != self._verify_token:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def _take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        expected = "sha256=" + hmac.new(self._secret, raw, hashlib.sha256).hexdigest()
        brought = request.headers.get("X-Hub-Signature-256", "")
        if not hmac.compare_digest(expected.encode(), brought.encode("utf-8", "surrogateescape")):
            return web.Response(status=403)
        status = self.answers.popleft() if self.answers else 200
        if status == SILENCE:
            await self._closing.wait()
        if status == 200:
            self.raw.append(raw)
            self.bodies.append(json.loads(raw))
        return web.Response(status=status or 503)
