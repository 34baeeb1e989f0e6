"""An unmodified pywa on the fake Graph API, as Echo's own channel uses it."""

from types import TracebackType

import httpx
from pywa_async.client import WhatsApp

from tests.fakes.graph_server import FakeGraph


class ElsewhereTransport(httpx.AsyncHTTPTransport):
    """Sends what is meant for `graph.facebook.com` to another address."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base = httpx.URL(base_url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "graph.facebook.com":
            base = self._base
            request.url = request.url.copy_with(scheme=base.scheme, host=base.host, port=base.port)
        return await super().handle_async_request(request)


class PywaOn:
    """A client that only sends; `token` other than the account's is a wrong one.

    No generator with `asynccontextmanager`: it sets `__traceback__` on what passes through it, and pywa's errors
    are frozen dataclasses that answer that with a TypeError.
    """

    def __init__(self, graph: FakeGraph, *, token: str | None = None, timeout: float = 5.0) -> None:
        transport = ElsewhereTransport(graph.base_url)
        self._session = httpx.AsyncClient(transport=transport, timeout=timeout)
        self._client = WhatsApp(graph.account.phone_id, token or graph.account.token, session=self._session)

    async def __aenter__(self) -> WhatsApp:
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.aclose()
