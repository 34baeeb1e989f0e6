"""Bytes by name in a folder."""

import errno
import os
import stat
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from aiofiles.os import wrap

from source.adapters.storage.atomic_file import bytes_of, make_folder, remove_file, replace_file, sweep_leftovers
from source.adapters.storage.transcript_errors import advice
from source.domain.errors import ArchiveUnavailableError
from source.ports.archives import Blob

MAX_BLOB_BYTES: Final = 512 * 1024 * 1024
# Another process may write to the same folder: only what nobody can still be writing is a leftover.
_LEFTOVER_AFTER_SECONDS: Final = 3_600.0

_T = TypeVar("_T")


class BlobFolder:
    """Implements `BlobStorage` on a disk; a call is one trip to a thread.

    Without `durable`, what is put survives a kill but not a power cut.
    """

    def __init__(self, folder: Path, url: str, *, durable: bool = True) -> None:
        self._folder = folder
        self._url = url.rstrip("/")
        self._durable = durable
        self._swept = False

    @property
    def url(self) -> str:
        return self._url

    async def put(self, name: str, data: bytes) -> None:
        await self._in_thread(self._put, name, data)

    async def get(self, name: str) -> bytes | None:
        return await self._in_thread(self._get, name)

    async def delete(self, name: str) -> None:
        await self._in_thread(self._delete, name)

    async def listed(self) -> AsyncIterator[Blob]:
        for blob in await self._in_thread(self._list):
            yield blob

    def _put(self, name: str, data: bytes) -> None:
        make_folder(self._folder, durable=self._durable)
        if not self._swept:
            sweep_leftovers(self._folder, written_before=time.time() - _LEFTOVER_AFTER_SECONDS)
            self._swept = True
        replace_file(self._path(name), data, durable=self._durable)

    def _get(self, name: str) -> bytes | None:
        try:
            return bytes_of(self._path(name), max_bytes=MAX_BLOB_BYTES)
        except FileNotFoundError:
            return None

    def _delete(self, name: str) -> None:
        remove_file(self._path(name), durable=self._durable)

    def _list(self) -> list[Blob]:
        if not self._folder.is_dir():
            return []
        blobs: list[Blob] = []
        with os.scandir(self._folder) as found:
            for entry in found:
                details = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(details.st_mode) and not entry.name.startswith("."):
                    blobs.append(Blob(entry.name, details.st_size))
        return blobs

    def _path(self, name: str) -> Path:
        if name in {"", ".", ".."} or "/" in name or "\\" in name or "\0" in name:
            raise OSError(errno.EINVAL, "not the name of a file")
        return self._folder / name

    async def _in_thread(self, act: Callable[..., _T], *arguments: object) -> _T:
        with self._errors():
            return await wrap(act)(*arguments)

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise ArchiveUnavailableError(f"{self._folder}: {advice(error)}; nothing is lost") from error
