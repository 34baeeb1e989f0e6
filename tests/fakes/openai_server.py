"""An OpenAI server on loopback that speaks the real wire; `python -m tests.fakes.openai_server --port 8099`."""

import argparse
import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

from aiohttp import web

from tests.fakes.openai_answers import default_answer, deltas_of
from tests.fakes.openai_recordings import Transcriptions
from tests.fakes.openai_rules import invalid, problem_of_body
from tests.fakes.openai_script import CutsBeforeReply, Fails, HangsBeforeReply, Says, Sends, Step
from tests.fakes.openai_stream import ReplyOnWire, Usage, completion_object
from tests.fakes.openai_tokens import Body, PromptCache, prompt_bytes, token_count

_MOST_BYTES = 64 * 1024 * 1024


class FakeOpenAIServer:
    """Answers `/v1/chat/completions`, `/v1/audio/transcriptions` (see `audio`) and `/v1/models`.

    The queued steps are taken one for each request; without one it says `reply`, or else its `answer` to the request.
    `models=None` takes every model name, `api_key=None` every key. `refuses` names parameters that
    it answers with 400, as servers without that feature do (`json_schema` for that response format).
    """

    def __init__(
        self,
        *,
        models: Sequence[str] | None = ("test-model",),
        api_key: str | None = None,
        needs_key: bool = True,
        reply: str | None = None,
        answer: Callable[[Body], str] = default_answer,
        delay: float = 0.0,
        refuses: Iterable[str] = (),
    ) -> None:
        self.models = models
        self.refuses = set(refuses)
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.usage: list[Usage] = []
        self.disconnects = 0
        self.audio = Transcriptions()
        self._transports: set[object] = set()
        self._api_key = api_key
        self._needs_key = needs_key
        self._says = answer if reply is None else lambda _: reply
        self._delay = delay
        self._steps: deque[Step] = deque()
        self._cache = PromptCache()
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def connections(self) -> int:
        """How many connections have brought requests."""
        return len(self._transports)

    def queue(self, *steps: Step) -> None:
        """Answer the next requests so, one each."""
        self._steps.extend(steps)

    async def requested(self, count: int = 1) -> None:
        """Return when `count` requests have come."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= count)

    async def disconnected(self, count: int = 1) -> None:
        """Return when `count` clients have left before the end of their reply."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.disconnects >= count)

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/audio/transcriptions", self._transcribe)
        app.router.add_get("/v1/models", self._list_models)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> "FakeOpenAIServer":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _list_models(self, request: web.Request) -> web.Response:
        problem = self._problem_of_key(request)
        if problem is not None:
            return _error_response(problem)
        names = ("test-model",) if self.models is None else self.models
        data = [{"id": name, "object": "model", "created": 1700000000, "owned_by": "fake"} for name in names]
        return web.json_response({"object": "list", "data": data})

    async def _transcribe(self, request: web.Request) -> web.Response:
        answer = self._problem_of_key(request) or await self.audio.answer(request)
        return _error_response(answer) if isinstance(answer, Fails) else answer

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except (asyncio.CancelledError, ConnectionResetError):
            if not self._closing.is_set():
                await asyncio.shield(self._note_disconnect())
            raise

    async def _note_disconnect(self) -> None:
        async with self._changed:
            self.disconnects += 1
            self._changed.notify_all()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await _json_body(request)
        await self._note_request(request, body)
        problem = self._problem_of_key(request) or problem_of_body(body) or self._problem_of_server(body)
        if problem is not None:
            return _error_response(problem)
        step = self._steps.popleft() if self._steps else self._default_step(body)
        match step:
            case Fails():
                return _error_response(step)
            case Sends():
                return await self._send(request, step)
            case HangsBeforeReply():
                await self._closing.wait()
                return web.Response(status=503)
            case CutsBeforeReply():
                return _cut(request)
            case Says():
                return await self._say(request, body, step)

    async def _note_request(self, request: web.Request, body: object) -> None:
        async with self._changed:
            self._transports.add(request.transport)
            self.requests.append(body if isinstance(body, dict) else {})
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
            self._changed.notify_all()

    def _problem_of_key(self, request: web.Request) -> Fails | None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if not self._needs_key:
            return None
        if scheme != "Bearer" or not key:
            return Fails(401, "You didn't provide an API key.", kind="invalid_request_error")
        if self._api_key not in (None, key):
            return Fails(401, "Incorrect API key provided.", kind="invalid_request_error", code="invalid_api_key")
        return None

    def _problem_of_server(self, body: object) -> Fails | None:
        """What this server, unlike others, cannot do."""
        assert isinstance(body, dict)
        model = body["model"]
        if self.models is not None and model not in self.models:
            message = f"The model `{model}` does not exist or you do not have access to it."
            return Fails(404, message, kind="invalid_request_error", code="model_not_found")
        response_format = body.get("response_format")
        kind = response_format["type"] if isinstance(response_format, dict) else None
        if kind in self.refuses:
            return invalid(f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model.")
        refused = next((name for name in sorted(self.refuses) if name in body), None)
        return invalid(f"Unsupported parameter: '{refused}'.", param=refused) if refused else None

    def _default_step(self, body: object) -> Step:
        assert isinstance(body, dict)
        return Says(deltas=deltas_of(self._says(body)))

    async def _send(self, request: web.Request, step: Sends) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": step.content_type})
        await response.prepare(request)
        await response.write(step.body)
        if step.stays_open:
            await self._closing.wait()
        return response

    async def _say(self, request: web.Request, body: object, step: Says) -> web.StreamResponse:
        assert isinstance(body, dict)
        usage = self._count(body, step)
        if not body.get("stream"):
            return web.json_response(completion_object(str(body["model"]), step, usage))
        wire = ReplyOnWire(request, body, closing=self._closing, delay=self._delay)
        return await wire.send(step, usage)

    def _count(self, body: Body, step: Says) -> Usage:
        prompt = prompt_bytes(body)
        cached = self._cache.read_and_keep(str(body["model"]), prompt)
        said = "".join((*step.thinking, *step.deltas, *(piece for call in step.calls for piece in call.arguments)))
        usage = Usage(
            input_tokens=token_count(len(prompt)),
            cached_tokens=cached if step.cached_tokens is None else step.cached_tokens,
            output_tokens=token_count(len(said.encode("utf-8", "surrogatepass"))),
        )
        self.usage.append(usage)
        return usage


async def _json_body(request: web.Request) -> object:
    try:
        return json.loads(await request.text())
    except ValueError:
        return None


def _error_response(problem: Fails) -> web.Response:
    error = {"message": problem.message, "type": problem.kind, "param": problem.param, "code": problem.code}
    return web.json_response({"error": error}, status=problem.status, headers=dict(problem.headers))


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=503)


async def _serve(options: argparse.Namespace) -> None:
    server = FakeOpenAIServer(models=options.model or None, reply=options.reply, delay=options.delay)
    await server.start(options.port)
    print(f"OPENAI_BASE_URL={server.base_url}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="A fake OpenAI server; it takes any key and, without --model, any model."
    )
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--reply", help="answer every request so")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each piece of a reply")
    parser.add_argument("--model", action="append", help="know only this model; may be given more than once")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
