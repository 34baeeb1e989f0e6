"""What carries requests to the Graph API: aiohttp's connections, behind the client of httpx that pywa wants.

The pool of httpx looks through all of its connections for every request that waits: with some hundred of them the event
loop did little else. Imported where it is needed: httpx takes a while to load.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
import httpx
from aiohttp.helpers import get_env_proxy_for_url
from yarl import URL

_MOST_CONNECTIONS: Final = 100
# Ends before the one of Meta's servers would: a request that meets a closed connection has an unknown outcome.
_KEPT_SECONDS: Final = 15.0


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends what httpx has made ready; proxies and certificates are those of the environment, as with httpx."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._session = session = self._session or _session()
        is_whole = isinstance(request.stream, httpx.ByteStream)
        url = URL(str(request.url), encoded=True)
        proxy, proxy_auth = _proxy_of(url)
        with _as_httpx(request):
            response = await session.request(
                request.method,
                url,
                proxy=proxy,
                proxy_auth=proxy_auth,
                headers=request.headers.multi_items(),
                data=await request.aread() if is_whole else request.stream,
                timeout=_timeout_of(request),
                allow_redirects=False,
                skip_auto_headers=("Content-Type", "User-Agent"),
            )
        return httpx.Response(
            response.status, headers=response.raw_headers, stream=_Answer(response, request), request=request
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class _Answer(httpx.AsyncByteStream):
    """The bytes of an answer as they come, not unpacked: httpx does that."""

    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request):
            async for piece in self._response.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        self._response.release()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """Raise what httpx would have raised: whether anything has been sent decides what is done next."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time", request=request) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error), request=request) from error
    except TimeoutError as error:
        raise httpx.ReadTimeout("no answer in time", request=request) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError(f"{type(error).__name__}: {error}", request=request) from error


def _session() -> aiohttp.ClientSession:
    connections = aiohttp.TCPConnector(
        limit=_MOST_CONNECTIONS, keepalive_timeout=_KEPT_SECONDS, ssl=httpx.create_ssl_context()
    )
    return aiohttp.ClientSession(connector=connections, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)


def _proxy_of(url: URL) -> tuple[URL | None, aiohttp.BasicAuth | None]:
    """Return the environment's proxy; aiohttp's own `trust_env` would take the token's place from a ~/.netrc too."""
    try:
        return get_env_proxy_for_url(url)
    except LookupError:
        return None, None


def _timeout_of(request: httpx.Request) -> aiohttp.ClientTimeout:
    given = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(
        total=None, connect=given.get("pool"), sock_connect=given.get("connect"), sock_read=given.get("read")
    )
