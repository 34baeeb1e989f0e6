"""S3 on loopback: moto's server, and a proxy before it that fails when told to."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Final
from urllib.request import Request, urlopen

import pytest
from aiohttp import ClientSession, web

BUCKET: Final = "echo-archives"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "test-key",
    "AWS_SECRET_ACCESS_KEY": "test-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_DROPPED: Final = frozenset({"Host", "Content-Length", "Transfer-Encoding", "Connection", "Content-Encoding"})


@contextmanager
def s3_server() -> Iterator[str]:
    """Yield the address of an S3 that has one empty bucket; it takes any credentials."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        _make_bucket(address)
        yield address
    finally:
        server.stop()


def give_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment variables that a bucket's owner sets."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def _make_bucket(address: str) -> None:
    # moto believes who asks by the credential's scope alone.
    scope = "Credential=test-key/20261121/us-east-1/s3/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
    request = Request(f"{address}/{BUCKET}", method="PUT", headers=signed)
    with urlopen(request) as answer:
        assert answer.status == HTTPStatus.OK


class Fault(StrEnum):
    """What happens to a request."""

    ERROR = "500 before it is done"
    LOST = "done, and the answer is lost"
    DROPPED = "the connection breaks before it is done"
    CUT = "the answer breaks in its middle"
    HANGS = "no answer comes"
    SPOILT = "a byte of the answer is another"


@dataclass
class FaultyS3:
    """A proxy before an S3; `faults` are for the next requests of `methods`, one each, None for a good one."""

    upstream: str
    address: str = ""
    faults: list[Fault | None] = field(default_factory=list)
    always: Fault | None = None
    methods: frozenset[str] = frozenset({"PUT", "GET", "POST", "DELETE"})
    requests: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        fault = self._fault(request.method)
        match fault:
            case Fault.ERROR:
                return web.Response(status=500, text="<Error><Code>InternalError</Code></Error>")
            case Fault.DROPPED:
                return _broken(request)
            case Fault.HANGS:
                await self.released.wait()
        status, headers, body = await self._forwarded(request)
        match fault:
            case Fault.LOST:
                return _broken(request)
            case Fault.SPOILT:
                body = bytes([body[0] ^ 1, *body[1:]]) if body else body
            case Fault.CUT:
                return await _cut(request, status, headers, body)
        return web.Response(status=status, headers=headers, body=body)

    def _fault(self, method: str) -> Fault | None:
        if method not in self.methods:
            return None
        return self.faults.pop(0) if self.faults else self.always

    async def _forwarded(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        # The signature is over the host's name, which moto does not check.
        headers = {name: value for name, value in request.headers.items() if name not in _DROPPED}
        url = f"{self.upstream}{request.raw_path}"
        async with (
            ClientSession(auto_decompress=False) as session,
            session.request(request.method, url, headers=headers, data=await request.read()) as answer,
        ):
            kept = {name: value for name, value in answer.headers.items() if name not in _DROPPED}
            return answer.status, kept, await answer.read()


@asynccontextmanager
async def faulty_s3(upstream: str) -> AsyncIterator[FaultyS3]:
    """Run the proxy."""
    proxy = FaultyS3(upstream)
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    proxy.address = f"http://{host}:{port}"
    try:
        yield proxy
    finally:
        proxy.released.set()
        await runner.cleanup()


def _broken(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)


async def _cut(request: web.Request, status: int, headers: dict[str, str], body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers | {"Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return _broken(request)
