"""The REST side: every request is logged, struck by faults, counted, checked, served."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.discord.bodies import read_body
from tests.fakes.discord.call import ROUTES, Answer, Call, Route
from tests.fakes.discord.faults import Broken, Faults, Slow, TooMany, Trouble
from tests.fakes.discord.rate_limits import Excess, RateLimits
from tests.fakes.discord.refusals import INVALID_JSON, UNAUTHORIZED, Problem, RefusedError
from tests.fakes.discord.spec import Spec
from tests.fakes.discord.wire import Json, dumped

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

# discord.py takes an answer for Cloudflare's own when this header is missing.
_VIA = {"Via": "1.1 google"}


@dataclass(slots=True)
class Rest:
    """Answers `/api/v10/...`."""

    world: World
    token: str
    spec: Spec | None
    faults: Faults = field(default_factory=Faults)
    limits: RateLimits = field(default_factory=RateLimits)
    log: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    unlike_discord: list[str] = field(default_factory=list)
    checks_answers: bool = False
    latency: float = 0.0
    is_offline: bool = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.is_offline:
            return _cut(request)
        call, is_json = await read_body(request, self.world.monotonic())
        self.log.append(call)
        if self.latency:
            await asyncio.sleep(self.latency)
        try:
            return await self._serve(request, call, is_json=is_json)
        finally:
            self.world.note_change()

    async def _serve(self, request: web.Request, call: Call, *, is_json: bool) -> web.StreamResponse:
        fault = self.faults.take(call)
        self.world.note_change()
        match fault:
            case Trouble.HANG:
                await self.faults.released()
                return _cut(request)
            case Trouble.CUT_BEFORE:
                return _cut(request)
            case TooMany():
                return _answered(call, _too_many(fault), _fault_headers(fault))
            case Broken():
                call.status = fault.status
                return web.Response(status=fault.status, text="<html>error</html>", content_type="text/html")
            case Problem():
                return _answered(call, _error(fault, ()), _VIA)
            case Slow():
                await asyncio.sleep(fault.seconds)
        answer, headers = self._answer(call, is_json=is_json)
        if fault is Trouble.HANG_AFTER:
            await self.faults.released()
        if fault in (Trouble.CUT_AFTER, Trouble.HANG_AFTER):
            return _cut(request)
        return _answered(call, answer, headers)

    def _answer(self, call: Call, *, is_json: bool) -> tuple[Answer, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            route, call.arguments = ROUTES.find(call.method, call.path)
            call.template = route.template
            self._check_token(route, call)
            headers, excess = self.limits.take(call)
            if excess is not None:
                return _excess_answer(excess), {**headers, **_VIA}
            if not is_json:
                raise RefusedError(INVALID_JSON)
            self._check_request(call)
            answer = route.handler(self.world, call)
            self._check_answer(call, answer)
        except RefusedError as refused:
            answer = _error(refused.problem, refused.details)
        return answer, {**headers, **_VIA}

    def _check_token(self, route: Route, call: Call) -> None:
        if route.needs_token and call.headers.get("Authorization") != f"Bot {self.token}":
            raise RefusedError(UNAUTHORIZED)

    def _check_request(self, call: Call) -> None:
        if self.spec is None:
            return
        found = self.spec.check(
            call.method, call.path, query=call.query, headers=call.headers, body=call.body, multipart=call.parts
        )
        self.violations += [f"{call.method} {call.path}: {one}" for one in found]

    def _check_answer(self, call: Call, answer: Answer) -> None:
        if self.spec is None or not self.checks_answers:
            return
        status = _status(answer)
        found = self.spec.check_response(call.method, call.path, status, answer.body)
        self.unlike_discord += [f"{call.method} {call.template}: {one}" for one in found]


def _answered(call: Call, answer: Answer, headers: dict[str, str]) -> web.Response:
    call.status = _status(answer)
    if answer.body is None:
        return web.Response(status=call.status, headers=headers)
    # discord.py reads JSON only from exactly this type, without a charset.
    content_type = {"Content-Type": "application/json"}
    return web.Response(status=call.status, body=dumped(answer.body), headers={**headers, **content_type})


def _status(answer: Answer) -> int:
    return 204 if answer.body is None and answer.status == 200 else answer.status


def _error(problem: Problem, details: tuple[str, ...]) -> Answer:
    body: Json = {"message": problem.message, "code": problem.code}
    if details:
        body["errors"] = {"_errors": [{"code": "INVALID", "message": one} for one in details]}
    if problem.status == 429:
        body |= {"retry_after": float(details[0]) if details else 1.0, "global": False}
    return Answer(body, problem.status)


def _excess_answer(excess: Excess) -> Answer:
    return _limited(excess.retry_after, is_global=excess.is_global)


def _too_many(fault: TooMany) -> Answer:
    return _limited(fault.retry_after, is_global=fault.is_global)


def _limited(retry_after: float, *, is_global: bool) -> Answer:
    return Answer({"message": "You are being rate limited.", "retry_after": retry_after, "global": is_global}, 429)


def _fault_headers(fault: TooMany) -> dict[str, str]:
    scope = "global" if fault.is_global else "user"
    found = {"X-RateLimit-Scope": scope, "Retry-After": str(int(fault.retry_after) + 1)}
    return {**found, **(_VIA if fault.via else {})}


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)
