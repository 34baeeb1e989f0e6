"""Files in the data folder that tell of people beside transcripts and archives."""

import asyncio
import io
import json
import time
import zipfile
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from source.adapters.storage.atomic_file import remove_file, sweep_leftovers
from source.adapters.storage.transcript_errors import writing


class PersonalFiles:
    """Exports that people asked for at the terminal, and what killed writes left; in folders of this process alone."""

    def __init__(self, exports: Path, owned: Iterable[Path]) -> None:
        self._exports = exports
        self._owned = tuple(owned)
        self._began = time.time()

    async def remove_naming(self, names: Collection[str]) -> int:
        """Remove the exports that name somebody so; return how many.

        Raises: TranscriptUnwritableError: the folder refuses it.
        """
        return await asyncio.to_thread(self._remove_naming, names)

    async def remove_of(self, conversation_id: int) -> int:
        """Remove the exports of a conversation; return how many.

        Raises: TranscriptUnwritableError: the folder refuses it.
        """
        return await asyncio.to_thread(self._remove_holding, [b'"conversation_id": %d' % conversation_id])

    async def sweep(self) -> None:
        """Remove what writes left behind that were killed before this process began."""
        await asyncio.to_thread(self._sweep)

    def _remove_naming(self, names: Collection[str]) -> int:
        quoted = [json.dumps(name, ensure_ascii=False).encode("utf-8", "backslashreplace") for name in names]
        return self._remove_holding(quoted)

    def _remove_holding(self, words: Collection[bytes]) -> int:
        if not self._exports.is_dir():
            return 0
        removed = 0
        with writing(self._exports):
            for path in sorted(self._exports.iterdir()):
                if path.is_file() and _holds(path, words):
                    removed += remove_file(path, durable=False)
        return removed

    def _sweep(self) -> None:
        for folder in self._owned:
            with writing(folder):
                sweep_leftovers(folder, written_before=self._began)


def _holds(path: Path, words: Collection[bytes]) -> bool:
    content = _content(path)
    return any(word in content for word in words)


def _content(path: Path) -> bytes:
    """Return what a file holds, of a zipped one what is in it."""
    content = path.read_bytes()
    if path.suffix == ".zip":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as packed:
            return b"".join(packed.read(name) for name in packed.namelist())
    return content
