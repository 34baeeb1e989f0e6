"""Bytes in S3, Google Cloud Storage or Azure."""

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from source.adapters.blobs.cloud_errors import is_missing, translated
from source.domain.errors import SettingsError
from source.ports.archives import Blob

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_INSTALL: Final = "ARCHIVE_STORAGE in a cloud needs a package more: .venv/bin/pip install -r requirements-extras.txt"
_MOST_RETRIES: Final = 4


class CloudStorage:
    """Implements `BlobStorage` under a URL such as s3://bucket/echo, with the credentials of the environment.

    What a busy or flickering service refuses is tried again for `patience`; no request takes longer than `timeout`.
    """

    def __init__(
        self,
        url: str,
        *,
        endpoint: str | None = None,
        patience: timedelta = timedelta(seconds=15),
        timeout: timedelta = timedelta(minutes=1),
    ) -> None:
        self._url = url.rstrip("/")
        self._endpoint = endpoint
        self._patience = patience
        self._timeout = timeout
        self._store: ObjectStore | None = None

    @property
    def url(self) -> str:
        return self._url

    async def put(self, name: str, data: bytes) -> None:
        with self._opened() as store:
            # In one request, so that it is there whole or not at all and nothing is left of a half one.
            await store.put_async(name, data, use_multipart=False)

    async def get(self, name: str) -> bytes | None:
        with self._opened() as store:
            try:
                found = await store.get_async(name)
                return bytes(await found.bytes_async())
            except FileNotFoundError as error:
                if not is_missing(error):
                    raise
                return None

    async def delete(self, name: str) -> None:
        with self._opened() as store:
            try:
                await store.delete_async(name)
            except FileNotFoundError as error:
                if not is_missing(error):
                    raise

    async def listed(self) -> AsyncIterator[Blob]:
        with self._opened() as store:
            async for found in store.list():
                for each in found:
                    if "/" not in each["path"]:  # in a folder of its own: not Echo's
                        yield Blob(each["path"], each["size"])

    @contextmanager
    def _opened(self) -> Generator["ObjectStore"]:
        """Give the store, made when it is first used; what it raises is translated."""
        try:
            from obstore.exceptions import BaseError
        except ImportError as error:
            raise SettingsError(_INSTALL) from error
        try:
            self._store = self._store or self._made()
            yield self._store
        except (BaseError, OSError, ValueError) as error:
            raise translated(error, self._url) from error

    def _made(self) -> "ObjectStore":
        from obstore.store import from_url

        client: ClientConfig = {"connect_timeout": min(self._timeout, timedelta(seconds=5)), "timeout": self._timeout}
        retries: RetryConfig = {"max_retries": _MOST_RETRIES, "retry_timeout": self._patience}
        if self._endpoint is None:
            return from_url(self._url, client_options=client, retry_config=retries)
        client["allow_http"] = self._endpoint.startswith("http://")
        return from_url(self._url, endpoint=self._endpoint, client_options=client, retry_config=retries)
