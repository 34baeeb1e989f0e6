"""The program archives, restores and cleans up, and is killed at random moments of each."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from source.domain.archive_name import archive_names
from source.domain.conversation_head import ConversationState
from tests.e2e.api_server import ApiServer
from tests.e2e.kill_operations.fixture import Left, Put, fill, look, make_old, names_in

_PATIENCE: Final = timedelta(minutes=5)
_CHATS: Final = 6
ARCHIVED, ENDED = ConversationState.ARCHIVED, ConversationState.ENDED


@dataclass
class Campaign:
    """So many conversations, and how often the program is killed while it archives, restores and cleans up."""

    folder: Path
    database_url: str
    conversations: int = 300
    kills: tuple[int, int, int] = (5, 5, 5)
    random: Random = field(default_factory=lambda: Random(5))
    show: Callable[[str], None] = lambda _text: None
    problems: list[str] = field(default_factory=list)
    killed: int = 0

    async def run(self) -> list[str]:
        """Return what is wrong; nothing is what it should be."""
        every = await fill(self.database_url, self.folder, self.conversations, _CHATS)
        server = ApiServer(
            self.folder,
            database_url=self.database_url,
            is_hasty=True,
            MEMORY_INTERVAL_MINUTES="0",
            SYNC_ENABLED="false",
            DURABILITY="normal",
        )
        archiving, restoring, cleaning = self.kills
        try:
            await self._archive(server, every, archiving)
            restored = [put for put in every if put.chat in {"chat-0", "chat-1"}]
            await self._restore(server, every, restored, restoring)
            expired = [put for put in every if put.chat in {"chat-2", "chat-3"}]
            await self._clean_up(server, every, restored, expired, cleaning)
        finally:
            await asyncio.to_thread(_stopped, server)
        return self.problems

    async def _archive(self, server: ApiServer, every: list[Put], kills: int) -> None:
        wish = ("/api/conversations/archive", {"chat_ids": [f"chat-{number}" for number in range(_CHATS)]})
        left = await self._done(server, every, [wish], kills, lambda: len(names_in(self.folder / "archive")))
        self._expect("archived", left, {put.key: ARCHIVED for put in every})

    async def _restore(self, server: ApiServer, every: list[Put], restored: list[Put], kills: int) -> None:
        wishes = [("/api/conversations/unarchive", {"chat_id": chat}) for chat in ("chat-0", "chat-1")]
        left = await self._done(server, every, wishes, kills, lambda: len(names_in(self.folder)))
        wanted = {put.key: ENDED if put in restored else ARCHIVED for put in every}
        self._expect("restored", left, wanted)

    async def _clean_up(
        self, server: ApiServer, every: list[Put], restored: list[Put], expired: list[Put], kills: int
    ) -> None:
        await make_old(self.database_url, [put.key for put in expired])
        before = len(names_in(self.folder / "archive"))
        wish: tuple[str, object] = ("/api/conversations/cleanup", {})
        gone = frozenset(put.key for put in expired)
        left = await self._done(
            server, every, [wish], kills, lambda: before - len(names_in(self.folder / "archive")), being_deleted=gone
        )
        rest = {put.key: ENDED if put in restored else ARCHIVED for put in every if put not in expired}
        self._expect("cleaned up", left, rest)
        copies = {archive_names(put.conversation.head)[0] for put in every if put not in [*restored, *expired]}
        self._claim("there are copies that belong to nothing", left.copies == copies)
        self._claim("there are files that belong to nothing", len(left.files) == len(restored))

    async def _done(
        self,
        server: ApiServer,
        every: list[Put],
        wishes: Sequence[tuple[str, object]],
        kills: int,
        progress: Callable[[], int],
        *,
        being_deleted: frozenset[int] = frozenset(),
    ) -> Left:
        """Hand the tasks in, kill the program so often while it does them, and look at what it leaves each time."""
        await asyncio.to_thread(server.start)
        tasks = [(await asyncio.to_thread(server.post, *wish))["task_id"] for wish in wishes]
        began = progress()
        for _ in range(kills):
            await self._reached(progress, began + self.random.randrange(1, max(2, self.conversations // 3)))
            await asyncio.sleep(self.random.random() / 50)
            await asyncio.to_thread(server.kill)
            self.killed += 1
            left = await look(self.database_url, self.folder, every, being_deleted=being_deleted)
            self.problems += [f"after kill {self.killed}: {problem}" for problem in left.problems]
            self.show(f"killed {self.killed} times; {len(self.problems)} problems")
            await asyncio.to_thread(server.start)
        for task_id in tasks:
            task = await self._ended(server, task_id)
            output = task["output_data"] or {}
            self._claim(f"{task['type']} ended as {task['status']}: {output}", task["status"] == "completed")
            self._claim(f"{task['type']} failed for {output.get('failed')}", not output.get("failed"))
        await asyncio.to_thread(server.stop)
        return await look(self.database_url, self.folder, every)

    async def _reached(self, progress: Callable[[], int], wanted: int) -> None:
        """Wait until the work has come so far, or comes no further."""
        still, last = 0, -1
        while progress() < wanted and still < 400:
            still = still + 1 if progress() == last else 0
            last = progress()
            await asyncio.sleep(0.005)

    async def _ended(self, server: ApiServer, task_id: int) -> dict[str, Any]:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            while True:
                task: dict[str, Any] = await asyncio.to_thread(server.get, f"/api/conversations/tasks/{task_id}")
                if task["status"] not in {"pending", "running"}:
                    return task
                self.show(f"{task['type']}: {task['progress']}")
                await asyncio.sleep(0.2)

    def _expect(self, when: str, left: Left, wanted: dict[int, ConversationState]) -> None:
        self.problems += [f"{when}: {problem}" for problem in left.problems]
        wrong = {key for key in wanted.keys() | left.states.keys() if wanted.get(key) != left.states.get(key)}
        self._claim(f"{when}: {len(wrong)} conversations are not in the state that they should be in", not wrong)

    def _claim(self, problem: str, holds: bool) -> None:
        if not holds:
            self.problems.append(problem)


def _stopped(server: ApiServer) -> None:
    if server.process is not None and server.process.poll() is None:
        server.kill()
