"""A wire to a PostgreSQL server that can be cut at its most awkward moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from sqlalchemy import URL

_COMMIT = b"COMMIT\x00"
# What becomes of the next COMMIT: it is carried out and its answer lost, it is lost itself, or it is lost and the
# server does not notice.
Cut = Literal["answer", "commit", "commit unnoticed"]


class Wire:
    """Carries bytes both ways; `cut` says what happens to the next COMMIT."""

    def __init__(self, server: Path, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self.cut: Cut | None = None
        self.cuts = 0
        self._left_open: list[asyncio.StreamWriter] = []

    def url(self, server: URL) -> str:
        """Return the server's URL by way of the wire."""
        return server.update_query_dict({"host": str(self._folder)}).render_as_string(hide_password=False)

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        socket = self._folder / ".s.PGSQL.5432"
        serving = await asyncio.start_unix_server(self._carry, path=socket)
        try:
            yield self
        finally:
            serving.close()
            for writer in self._left_open:
                writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_unix_connection(self._server / ".s.PGSQL.5432")
        back = asyncio.create_task(_copy(there_reader, writer))
        try:
            while sent := await reader.read(65_536):
                cut = self.cut if _COMMIT in sent else None
                if cut is not None:
                    self.cut, self.cuts = None, self.cuts + 1
                    await self._make(cut, sent, there_reader, there, back)
                    return
                there.write(sent)
                await there.drain()
        except ConnectionError:
            pass
        finally:
            back.cancel()
            writer.close()
            if there not in self._left_open:
                there.close()

    async def _make(
        self,
        cut: Cut,
        sent: bytes,
        there_reader: asyncio.StreamReader,
        there: asyncio.StreamWriter,
        back: "asyncio.Task[None]",
    ) -> None:
        back.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await back
        if cut == "answer":
            there.write(sent)
            await there_reader.read(1)
        elif cut == "commit unnoticed":
            self._left_open.append(there)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while got := await reader.read(65_536):
            writer.write(got)
            await writer.drain()
    writer.close()
