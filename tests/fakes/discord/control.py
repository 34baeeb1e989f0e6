"""`POST /control/<verb>` with a JSON object of arguments: what a test in another process does to this Discord.

Guilds, channels and people go by name or by id; `@Ada` is the channel of Ada's direct messages.
An answer is `{"result": …}`, or status 400 with `{"error": …}`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.fakes.discord.control_people import PEOPLE_VERBS
from tests.fakes.discord.control_server import SERVER_VERBS
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.wire import Json, dumped

Verb = Callable[..., Awaitable[object]]
VERBS: dict[str, Verb] = {**SERVER_VERBS, **PEOPLE_VERBS}


class Control:
    """Serves the verbs, and plays scripts of them."""

    def __init__(self, server: FakeDiscord) -> None:
        self._server = server

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/control/{verb}", self._handle)]

    async def play(self, script: list[Json]) -> None:
        """Do one step after the other: `{"do": "says", "person": "Ada", "channel": "general", "text": "hi"}`."""
        for step in script:
            arguments = dict(step)
            await self.do(arguments.pop("do"), arguments)

    async def do(self, verb: str, arguments: Json) -> object:
        if verb not in VERBS:
            raise LookupError(f"no verb {verb!r}, only {', '.join(sorted(VERBS))}")
        return await VERBS[verb](self._server, **arguments)

    async def _handle(self, request: web.Request) -> web.Response:
        try:
            arguments = json.loads(await request.text() or "{}")
            answer: Json = {"result": await self.do(request.match_info["verb"], arguments)}
            status = 200
        except (AssertionError, LookupError, TypeError, ValueError, TimeoutError) as error:
            answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return web.Response(status=status, body=dumped(answer), headers={"Content-Type": "application/json"})
