"""A Graph API for WhatsApp on loopback: real HTTP, strict where Meta's is."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import re
from collections.abc import Callable
from types import TracebackType

from aiohttp import BodyPartReader, web

from source.ports.clock import Clock
from tests.fakes.clock import FakeClock
from tests.fakes.graph_account import MANAGEMENT, MESSAGING, Account
from tests.fakes.graph_errors import Json, Problem, RefusedError, refused_parameter, unknown_object, unknown_path
from tests.fakes.graph_faults import Broken, Call, Cut, Fault, Faults, Hang, Slow
from tests.fakes.graph_media import MediaStore
from tests.fakes.graph_people import People, Person
from tests.fakes.graph_rates import Rates
from tests.fakes.graph_rules import check_product
from tests.fakes.graph_sending import Read, Sent, World

_MOST_BYTES = 128 * 1024 * 1024
_ATTACHMENTS = "/whatsapp_business/attachments/"
_VERSION = re.compile(r"^v\d+\.\d+$")


class FakeGraph:
    """The Graph API for one business number; time is that of `clock`, which stands still until the test moves it."""

    def __init__(self, *, clock: Clock | None = None, account: Account | None = None) -> None:
        self.clock = clock or FakeClock()
        self.account = account or Account()
        self.calls: list[Call] = []
        self.faults = Faults()
        self.world = World(self.clock, self.account, MediaStore(self.clock), Rates(self.clock))
        self._traces = itertools.count(1)
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        """What stands for `https://graph.facebook.com`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """What Echo has to be started with."""
        return {
            "WHATSAPP_TOKEN": self.account.token,
            "WHATSAPP_PHONE_ID": self.account.phone_id,
            "WHATSAPP_APP_SECRET": self.account.app_secret,
            "WHATSAPP_VERIFY_TOKEN": self.account.verify_token,
            "WHATSAPP_API_BASE": self.base_url,
        }

    @property
    def people(self) -> People:
        return self.world.people

    @property
    def media(self) -> MediaStore:
        return self.world.media

    @property
    def rates(self) -> Rates:
        return self.world.rates

    @property
    def sent(self) -> list[Sent]:
        """Every message that was taken, in order, also those that failed on their way."""
        return self.world.sent

    @property
    def reads(self) -> list[Read]:
        return self.world.reads

    def requests(self, method: str = "", path: str = "") -> list[Call]:
        """The calls of one method and with `path` in their path."""
        return [one for one in self.calls if method in ("", one.method) and path in one.path]

    async def until(self, condition: Callable[[], object], *, patience: float = 10.0) -> None:
        """Return when the condition holds; it is looked at after every call and message."""
        await self.world.until(condition, patience=patience)

    async def answers(self, person: Person, count: int = 1, *, patience: float = 10.0) -> list[Sent]:
        """Wait until so many messages have reached a person and return them all."""
        await self.until(lambda: len(person.received) >= count, patience=patience)
        return person.received

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]
        self.media.base_url = self.base_url

    async def stop(self) -> None:
        self._closing.set()
        self.faults.clear()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> FakeGraph:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await _json_of(request)
        call = Call(request.method, request.path, dict(request.query), body, self.clock.now())
        call.person = self.world.receiver_of(body or {})
        self.calls.append(call)
        self.world.note_change()
        fault = self.faults.take(call)
        if isinstance(fault, Problem):
            return self._refuse(call, fault)
        if isinstance(fault, Broken):
            call.status = fault.status
            return web.Response(status=fault.status, text="<html>Sorry, something went wrong.</html>")
        if isinstance(fault, Slow):
            await self.clock.sleep(fault.seconds)
        if not (isinstance(fault, Hang | Cut) and not fault.taken):
            response = await self._answer(request, call)
        if isinstance(fault, Hang | Cut):
            call.status = 0
            return await self._lose(request, fault)
        return response

    async def _answer(self, request: web.Request, call: Call) -> web.Response:
        if request.path == _ATTACHMENTS:
            return self._download(request, call)
        try:
            answer = await self._serve(request, call)
        except RefusedError as error:
            return self._refuse(call, error.problem)
        call.status = 200
        self.world.note_change()
        return web.json_response(answer)

    async def _serve(self, request: web.Request, call: Call) -> Json:
        version, _, path = request.match_info["path"].partition("/")
        if not _VERSION.match(version):
            raise unknown_path(request.match_info["path"])
        account = self.account
        account.check_token(request.headers.get("Authorization", ""), call.query.get("access_token", ""))
        account.check_proof(call.query.get("appsecret_proof"))
        match (request.method, *path.split("/")):
            case ("GET", "debug_token"):
                return account.debug_token(call.query.get("input_token", ""))
            case ("POST", node, "messages") if node == account.phone_id:
                return self._messages(call)
            case ("POST", node, "media") if node == account.phone_id:
                account.check_permission(MESSAGING)
                return await self._upload(request)
            case (method, node, "subscribed_apps") if node == account.waba_id:
                return self._subscribe(method)
            case ("GET", node) if node == account.phone_id:
                account.check_permission(MANAGEMENT)
                return account.phone_number(call.query.get("fields"))
            case ("GET" | "DELETE" as method, node):
                account.check_permission(MESSAGING)
                return self._media(method, node, call.query.get("phone_number_id"))
            case (method, node, *rest) if not rest or rest[0] in ("messages", "media", "subscribed_apps"):
                raise unknown_object(node, method.lower())
        raise unknown_path(path)

    def _messages(self, call: Call) -> Json:
        self.account.check_permission(MESSAGING)
        if call.body is None:
            raise refused_parameter("The request body is not a JSON object.")
        return self.world.mark_read(call.body) if "status" in call.body else self.world.take(call.body)

    def _subscribe(self, method: str) -> Json:
        self.account.check_permission(MANAGEMENT)
        if method == "GET":
            return self.account.subscribed_apps()
        self.account.subscribed = method == "POST"
        return {"success": True}

    def _media(self, method: str, media_id: str, phone_id: str | None) -> Json:
        if phone_id not in (None, self.account.phone_id):
            raise unknown_object(media_id, method.lower())
        if method == "GET":
            return self.media.describe(media_id)
        self.media.delete(media_id)
        return {"success": True}

    async def _upload(self, request: web.Request) -> Json:
        if not request.content_type.startswith("multipart/"):
            raise refused_parameter("The parameter file is required.")
        fields: dict[str, str] = {}
        content, name, mime_type = b"", "", ""
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "file":
                content, name = bytes(await part.read()), part.filename or ""
                mime_type = part.headers.get("Content-Type", "")
            else:
                fields[part.name or ""] = await part.text()
        check_product(fields)
        if not name:
            raise refused_parameter("The parameter file is required.")
        return {"id": self.media.upload(content, fields.get("type") or mime_type, name).id}

    def _download(self, request: web.Request, call: Call) -> web.Response:
        """Meta: without the token it "will fail", and after five minutes "you will receive a 404"."""
        found = self.media.fetch(call.query)
        try:
            self.account.check_token(request.headers.get("Authorization", ""))
            call.status = 200 if found else 404
        except RefusedError:
            found, call.status = None, 401
        if found is None:
            return web.Response(status=call.status)
        self.media.downloads.append(found.id)
        return web.Response(body=found.content, headers={"Content-Type": found.mime_type})

    def _refuse(self, call: Call, problem: Problem) -> web.Response:
        call.status, call.code = problem.status, problem.code
        self.world.note_change()
        trace = "A" + hashlib.sha256(str(next(self._traces)).encode()).hexdigest()[:22]
        return web.json_response(problem.body(trace), status=problem.status)

    async def _lose(self, request: web.Request, fault: Fault) -> web.Response:
        if isinstance(fault, Hang) and not self._closing.is_set():
            await self.faults.released()
        assert request.transport is not None
        request.transport.abort()
        return web.Response(status=503)


async def _json_of(request: web.Request) -> Json | None:
    if request.content_type != "application/json":
        return None
    try:
        value = json.loads(await request.text())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
