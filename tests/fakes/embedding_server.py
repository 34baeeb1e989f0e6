"""An embeddings endpoint on loopback that speaks the real wire; `python -m tests.fakes.embedding_server`."""

import argparse
import asyncio
import base64
import contextlib
import struct
from collections import deque
from types import TracebackType

from aiohttp import web

from tests.fakes.embedding_vectors import vector_of
from tests.fakes.openai_script import Fails

_MOST_BYTES = 64 * 1024 * 1024
_MOST_TEXTS = 2_048


class FakeEmbeddingServer:
    """Answers `/v1/embeddings`, in base64 where that is asked for, as OpenAI does.

    `takes_base64=False` refuses that parameter, `ignores_base64` answers with numbers all the same, as some servers do;
    `most_chars` is the longest text that it takes. Texts that hold `refused` are refused. `failures` are given first,
    one for each request; while `is_down` every connection is cut, while `hangs` nothing is answered.
    """

    def __init__(
        self,
        *,
        size: int = 256,
        models: frozenset[str] | None = None,
        api_key: str | None = None,
        takes_base64: bool = True,
        ignores_base64: bool = False,
        most_chars: int = 30_000,
        refused: str | None = None,
    ) -> None:
        self.size = size
        self.is_down = False
        self.hangs = False
        self.failures: deque[Fails | bytes] = deque()
        self.texts: list[list[str]] = []
        self.bodies: list[dict[str, object]] = []
        self._models = models
        self._api_key = api_key
        self._takes_base64 = takes_base64
        self._ignores_base64 = ignores_base64
        self._most_chars = most_chars
        self._refused = refused
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def all_texts(self) -> list[str]:
        return [text for texts in self.texts for text in texts]

    async def requested(self, count: int) -> None:
        """Return when so many requests have come."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.bodies) >= count)

    async def start(self, port: int = 0) -> None:
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_post("/v1/embeddings", self._embeddings)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> "FakeEmbeddingServer":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _embeddings(self, request: web.Request) -> web.Response:
        body = await request.json()
        await self._note(body)
        if self.hangs:
            await self._closing.wait()
        if self.is_down:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        if self.failures:
            failure = self.failures.popleft()
            if isinstance(failure, bytes):
                return web.Response(body=failure, content_type="application/json")
            return _refusal(failure)
        problem = self._problem(request, body)
        return _refusal(problem) if problem else web.json_response(self._answer(body))

    async def _note(self, body: dict[str, object]) -> None:
        async with self._changed:
            self.bodies.append(body)
            given = body.get("input")
            self.texts.append(given if isinstance(given, list) else [str(given)])
            self._changed.notify_all()

    def _problem(self, request: web.Request, body: dict[str, object]) -> Fails | None:
        texts = body.get("input")
        if self._api_key is not None and request.headers.get("Authorization") != f"Bearer {self._api_key}":
            return Fails(401, "Incorrect API key provided.", kind="invalid_request_error", code="invalid_api_key")
        if self._models is not None and body.get("model") not in self._models:
            return Fails(404, "The model does not exist.", kind="invalid_request_error", code="model_not_found")
        if not isinstance(texts, list) or not texts or len(texts) > _MOST_TEXTS or not all(texts):
            return Fails(400, "'$.input' is invalid.", kind="invalid_request_error")
        if body.get("encoding_format") is not None and not self._takes_base64:
            return Fails(400, "Unknown parameter: 'encoding_format'.", kind="invalid_request_error")
        if any(len(text) > self._most_chars for text in texts):
            message = "This model's maximum context length is 8192 tokens, however you requested more."
            return Fails(400, message, kind="invalid_request_error")
        if self._refused is not None and any(self._refused in text for text in texts):
            return Fails(400, "The text was refused.", kind="invalid_request_error", code="content_policy")
        return None

    def _answer(self, body: dict[str, object]) -> dict[str, object]:
        texts = body["input"]
        assert isinstance(texts, list)
        short = body.get("encoding_format") == "base64" and not self._ignores_base64
        data = [
            {"object": "embedding", "index": at, "embedding": self._vector(text, short)}
            for at, text in enumerate(texts)
        ]
        tokens = sum(map(len, texts)) // 4
        return {
            "object": "list",
            "data": data[::-1],  # the order is told by `index` alone
            "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def _vector(self, text: str, short: bool) -> str | list[float]:
        numbers = vector_of(text, self.size)
        return base64.b64encode(struct.pack(f"<{self.size}f", *numbers)).decode() if short else numbers


def _refusal(problem: Fails) -> web.Response:
    error = {"message": problem.message, "type": problem.kind, "param": problem.param, "code": problem.code}
    return web.json_response({"error": error}, status=problem.status, headers=dict(problem.headers))


async def _serve(port: int, size: int) -> None:
    server = FakeEmbeddingServer(size=size)
    await server.start(port)
    print(f"EMBEDDING_BASE_URL={server.base_url}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake embeddings server; its vectors are no model's.")
    parser.add_argument("--port", type=int, default=8098)
    parser.add_argument("--size", type=int, default=256, help="numbers of a vector")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options.port, options.size))


if __name__ == "__main__":
    main()
