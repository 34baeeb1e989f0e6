"""What appends are compared with: another library's session, and plain sqlite3 loops."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

_TABLE = "CREATE TABLE message (id INTEGER PRIMARY KEY, conversation INTEGER, created_at TEXT, content TEXT)"
_INSERT = "INSERT INTO message (conversation, created_at, content) VALUES (?, ?, ?)"
_NOW = "2026-03-02 09:00:00.000000"


class Appender(Protocol):
    """Something that makes messages durable one after the other."""

    async def append(self, writer: int, text: str) -> None:
        """Return when this writer's next message is durable."""
        ...

    async def finish(self) -> None:
        """Return when everything that belongs to appending has been done."""
        ...


def connected(path: Path) -> sqlite3.Connection:
    """Open a database as durable as DURABILITY=full makes it."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


class BareRowLoop:
    """One row, one commit, in the thread that calls: what one writer can do at best."""

    def __init__(self, path: Path) -> None:
        self._connection = connected(path)
        self._connection.execute(_TABLE)

    async def append(self, writer: int, text: str) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(_INSERT, (writer, _NOW, text))
        self._connection.execute("COMMIT")

    async def finish(self) -> None:
        self._connection.close()


class BareGroupLoop:
    """A thread that commits whatever has arrived: no checks, no index, one narrow table."""

    def __init__(self, path: Path) -> None:
        self._connection = connected(path)
        self._connection.execute(_TABLE)
        self._queue: SimpleQueue[tuple[asyncio.Future[None], tuple[int, str, str]] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    async def append(self, writer: int, text: str) -> None:
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((future, (writer, _NOW, text)))
        await future

    async def finish(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            while True:
                try:
                    entry = self._queue.get_nowait()
                except Empty:
                    break
                if entry is None:
                    self._queue.put(None)
                    break
                batch.append(entry)
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT, [row for _, row in batch])
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, [future for future, _ in batch])


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


class AgentsSession:
    """`SQLiteSession` of the OpenAI Agents SDK, made as durable as the others."""

    def __init__(self, path: Path, writers: int) -> None:
        try:
            from agents import SQLiteSession
        except ImportError as error:
            raise SystemExit("the baseline is missing: .venv/bin/pip install openai-agents") from error
        self._sessions = [SQLiteSession(f"session-{number}", path) for number in range(writers)]

    async def append(self, writer: int, text: str) -> None:
        await self._sessions[writer].add_items([{"role": "user", "content": text}])

    async def finish(self) -> None:
        for session in self._sessions:
            session.close()
