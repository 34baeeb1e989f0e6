"""A Discord on loopback: real HTTP, real WebSocket, strict where the real one is."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from urllib.parse import unquote

from aiohttp import web

from tests.fakes.discord.call import Call
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.events import Intent
from tests.fakes.discord.faults import Faults
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.message import Message
from tests.fakes.discord.people import User
from tests.fakes.discord.rate_limits import Excess, RateLimits
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.routes import ROUTES_ARE_SERVED
from tests.fakes.discord.spec import load_spec
from tests.fakes.discord.world import DEFAULT_TOKEN, Rules, World

_MOST_BYTES = 64 * 1024 * 1024
assert ROUTES_ARE_SERVED


class FakeDiscord:
    """Discord for one bot.

    `intents` are the privileged ones that the application has enabled. With `checks` every request is
    compared with Discord's own description of its API, where that is at hand; with `checks_answers` every
    answer of this server as well.
    """

    def __init__(
        self,
        *,
        token: str = DEFAULT_TOKEN,
        bot_name: str = "Echo",
        intents: int = Intent.MESSAGE_CONTENT,
        checks: bool = True,
        checks_answers: bool = False,
        latency: float = 0.0,
    ) -> None:
        self.token = token
        self.gateway = Gateway(token=token)
        self.world = self.gateway.world = World(listener=self.gateway.tell, bot_name=bot_name)
        self.world.application.intents = int(intents)
        spec = load_spec() if checks or checks_answers else None
        self.rest = Rest(self.world, token, spec, checks_answers=checks_answers, latency=latency)
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/gateway"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/control"

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def rules(self) -> Rules:
        return self.world.rules

    @property
    def faults(self) -> Faults:
        return self.rest.faults

    @property
    def limits(self) -> RateLimits:
        return self.rest.limits

    @property
    def rate_limited(self) -> list[Excess]:
        """Requests that came too soon; a 429 that a test planned is not among them."""
        return self.rest.limits.exceeded

    @property
    def violations(self) -> list[str]:
        """What Discord's description forbids; it has to be empty at the end."""
        return self.rest.violations

    def requests(self, method: str = "", path: str = "") -> list[Call]:
        """The log of requests, of one method and with `path` in their path."""
        return [one for one in self.rest.log if method in ("", one.method) and path in one.path]

    def add_guild(self, name: str) -> Guild:
        return self.world.add_guild(name)

    def channel(self, channel: Channel | int) -> Channel:
        return channel if isinstance(channel, Channel) else self.world.channels[channel]

    def messages(self, channel: Channel | int) -> list[Message]:
        """What can be read in a channel now, oldest first."""
        return self.channel(channel).visible()

    async def wait_ready(self, *, shards: int = 1, patience: float = 10.0) -> None:
        """Return when so many sessions are connected and were told their guilds."""
        await self.until(lambda: len(self.gateway.connected) >= shards, patience=patience)

    async def until(self, condition: Callable[[], object], *, patience: float = 10.0) -> None:
        """Return when the condition holds; it is looked at after every change of the world."""
        await self.world.until(condition, patience=patience)

    async def answer_in(self, channel: Channel, count: int = 1, *, patience: float = 10.0) -> Message:
        """Wait for the bot's message number `count` in a channel and return it."""

        def answers() -> list[Message]:
            return [one for one in channel.visible() if one.author is self.bot]

        await self.until(lambda: len(answers()) >= count, patience=patience)
        return answers()[count - 1]

    def go_offline(self, *, forget: bool = False) -> None:
        """Cut REST and gateway alike."""
        self.rest.is_offline = True
        self.gateway.go_offline(forget=forget)

    def go_online(self) -> None:
        self.rest.is_offline = False
        self.gateway.go_online()

    async def start(self, port: int = 0, *routes: web.RouteDef) -> None:
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/cdn/{path:.*}", self._download)
        app.router.add_route("*", "/api/{path:.*}", self.rest.handle)
        app.add_routes(routes)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]
        self.world.cdn_base = f"http://127.0.0.1:{self._port}/cdn"
        self.world.gateway_url = self.gateway.url = self.gateway_url

    async def stop(self) -> None:
        self.faults.clear()
        self.go_offline()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> FakeDiscord:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None:
            assert not self.violations, "Discord would refuse:\n" + "\n".join(self.violations)
            assert not self.rest.unlike_discord, "Discord answers otherwise:\n" + "\n".join(self.rest.unlike_discord)

    async def _download(self, request: web.Request) -> web.Response:
        found = self.world.files.get(unquote(request.match_info["path"]))
        if found is None:
            return web.Response(status=404)
        content, content_type = found
        return web.Response(body=content, headers={"Content-Type": content_type or "application/octet-stream"})
