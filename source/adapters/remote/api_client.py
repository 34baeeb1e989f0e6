"""Calls of a running Echo's API."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from source.domain.errors import EchoError, RefusedInputError, SettingsError

_OTHER_ECHO: Final = (
    "What answers at {url} does not take the key that the Echo of this data folder left in it: that one may have just "
    "started anew, so try again; else another program listens there, and WEB_PORT must be another."
)
_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 60.0
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_FIRST_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500


class ApiUnavailableError(EchoError):
    """The running Echo did not answer; `str(error)` says where it was looked for."""


class ApiRefusedError(RefusedInputError):
    """The API does not take the request as it is; `status` is that of HTTP."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class ApiClient:
    """Talks to the API at `url`; use it as an async context.

    `is_local`: the key is the one that Echo left in its data folder, and not ECHO_API_KEY.

    Raises: ApiUnavailableError: nobody answers there, or not in order. SettingsError: the key is refused.
        ApiRefusedError: the request is; its text is the API's own sentence.
    """

    def __init__(self, url: str, key: str | None = None, *, is_local: bool = False) -> None:
        self.url: Final = url.rstrip("/")
        self._key = key
        self._is_local = is_local
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, **query: str | int) -> Any:  # Any: JSON, as the path documents it
        """Return the JSON at this path."""
        async with self.opened("GET", path, query=query) as response:
            return await response.json()

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Return the JSON that the path answers to this body."""
        async with self.opened("POST", path, body=body or {}) as response:
            return await response.json()

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = _ANSWER_SECONDS,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Call the API and give the answer while it is read; `seconds` None: it may take any time."""
        if self._session is None:
            raise RuntimeError("use the client as an async context")
        timeout = aiohttp.ClientTimeout(total=seconds, connect=_CONNECT_SECONDS)
        try:
            async with self._session.request(
                method, self.url + path, json=body, params=query, headers=headers, timeout=timeout
            ) as response:
                if response.status >= _FIRST_ERROR:
                    raise await _refusal(response, self.url, is_local=self._is_local)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise ApiUnavailableError(f"Echo's API at {self.url} does not answer ({reason}).") from error


async def _refusal(response: aiohttp.ClientResponse, url: str, *, is_local: bool) -> EchoError:
    """Return what the API says in problem+json, as an error of whoever can act."""
    try:
        problem = await response.json(content_type=None)
        sentence = "\n  ".join([str(problem["detail"]), *_places(problem.get("errors") or [])])
    except (aiohttp.ClientError, ValueError, LookupError, TypeError):
        sentence = f"Echo's API at {url} answered with status {response.status}."
    if response.status in {_UNAUTHORIZED, _FORBIDDEN}:
        return SettingsError(_OTHER_ECHO.format(url=url) if is_local else f"ECHO_API_KEY: {sentence}")
    if response.status >= _FIRST_SERVER_ERROR:
        return ApiUnavailableError(sentence)
    return ApiRefusedError(sentence, response.status)


def _places(errors: Sequence[Mapping[str, object]]) -> list[str]:
    return [f"{each['location']}: {each['problem']}" for each in errors]
