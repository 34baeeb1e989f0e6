"""The program forgets somebody, and is killed at random moments of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.transcript_name import name_of
from source.domain.turn import InboundMessage, TurnRecord
from source.ports.clock import SystemClock
from tests.e2e.api_server import ApiServer
from tests.fakes.raw_files import found_in

ADA: Final = PersonRef("ada-7731", "Adalbertine")
BOB: Final = PersonRef("bob-1188", "Bobrowski")
SECRET: Final = "zzsecret"
_PATIENCE: Final = timedelta(minutes=3)
_WORDS: Final = (SECRET, ADA.external_id, ADA.display_name)


@dataclass
class Campaign:
    """So many conversations, a third each of Ada alone, of both and of Bob alone; every fourth is archived."""

    folder: Path
    database_url: str
    conversations: int = 60
    kills: int = 4
    random: Random = field(default_factory=lambda: Random(7))
    show: Callable[[str], None] = lambda _text: None
    problems: list[str] = field(default_factory=list)
    killed: int = 0

    async def run(self) -> list[str]:
        """Return what is wrong; nothing is what it should be."""
        await self._fill()
        before = await self._said_by_bob()
        server = ApiServer(
            self.folder,
            database_url=self.database_url,
            is_hasty=True,
            MEMORY_INTERVAL_MINUTES="0",
            SYNC_ENABLED="false",
            DURABILITY="normal",
        )
        try:
            receipt = await self._forgotten(server, before)
        finally:
            if server.process is not None and server.process.poll() is None:
                await asyncio.to_thread(server.kill)
        self._claim(f"the receipt says {receipt['state']}", receipt["state"] == "done")
        self._claim(f"the receipt counts {receipt['counts']}", receipt["counts"]["messages"] == self._hers())
        left = found_in(self.folder, _WORDS, url=self.database_url)
        self._claim(f"there is still {left}", not left)
        logged = [word for word in _WORDS if word in server.log]
        self._claim(f"the log has {logged}", not logged)
        self._claim("something of Bob's is gone", await self._said_by_bob() == before)
        return self.problems

    async def _forgotten(self, server: ApiServer, before: list[tuple[int, str]]) -> dict[str, Any]:
        await asyncio.to_thread(server.start)
        chats = [f"chat-{number}" for number in range(0, self.conversations, 4)]
        task = await asyncio.to_thread(server.post, "/api/conversations/archive", {"chat_ids": chats})
        await asyncio.to_thread(server.finished, task["task_id"])
        [person] = (await asyncio.to_thread(server.get, f"/api/people?external_id={ADA.external_id}"))["people"]
        taken = await asyncio.to_thread(server.call, "DELETE", f"/api/people/{person['id']}")
        self._claim(f"forgetting was answered with {taken.status}", taken.status == 202)
        for _ in range(self.kills):
            await self._goes_on(server)
            await asyncio.to_thread(server.kill)
            self.killed += 1
            self._claim(f"after kill {self.killed} something of Bob's is gone", await self._said_by_bob() == before)
            self.show(f"killed {self.killed} times; {len(self.problems)} problems")
            await asyncio.to_thread(server.start)
        receipt = await self._done(server, taken.json["receipt_id"])
        task = await asyncio.to_thread(server.get, f"/api/conversations/tasks/{receipt['task_id']}")
        self._claim(f"no kill struck while it went on: {task['attempts']} attempts", task["attempts"] > 1)
        await asyncio.to_thread(server.stop)
        return receipt

    async def _goes_on(self, server: ApiServer) -> None:
        """Wait until some more conversations are changed, or it comes no further."""
        began, still = _changed(server), 0
        wanted = began + self.random.randrange(1, max(2, self.conversations // (self.kills + 2)))
        while _changed(server) < wanted and still < 400:
            still += 1
            await asyncio.sleep(0.005)
        await asyncio.sleep(self.random.random() / 50)

    async def _done(self, server: ApiServer, receipt_id: int) -> dict[str, Any]:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            while True:
                receipt: dict[str, Any] = await asyncio.to_thread(server.get, f"/api/privacy/receipts/{receipt_id}")
                if receipt["state"] == "done":
                    return receipt
                await asyncio.sleep(0.2)

    def _hers(self) -> int:
        return sum(2 for number in range(self.conversations) if number % 3 != 2)

    async def _fill(self) -> None:
        files = ConversationFileManagerService(self.folder, durable=False)
        store = await SqlStore.open(self.database_url, clock=SystemClock(), durability="normal")
        try:
            for number in range(self.conversations):
                await _put(store, files, number)
        finally:
            await store.close()

    async def _said_by_bob(self) -> list[tuple[int, str]]:
        store = await SqlStore.open(self.database_url, clock=SystemClock(), durability="normal")
        try:
            said = [
                (message.message_id, message.message_content)
                async for stored in store.every_conversation()
                for message in stored.messages
                if message.requester == BOB.external_id
            ]
        finally:
            await store.close()
        return sorted(said)

    def _claim(self, problem: str, holds: bool) -> None:
        if not holds:
            self.problems.append(problem)


def _changed(server: ApiServer) -> int:
    """Return how many conversations were changed, over all starts."""
    log = server.log
    return log.count("conversation_rewritten") + log.count("conversation_deleted")


async def _put(store: SqlStore, files: ConversationFileManagerService, number: int) -> None:
    speakers = ((ADA,), (ADA, BOB), (BOB,))[number % 3]
    said_at = SystemClock().now() - timedelta(days=1, seconds=number)
    guild = "guild-1" if len(speakers) > 1 else None
    thread = ThreadRef(Platform.DISCORD, f"chat-{number}", guild, "The guild" if guild else None)
    messages: list[Message] = []
    keys: list[int] = []
    for place, person in enumerate((*speakers, *speakers)):
        secret = f"{SECRET}{number}x{place}" if person is ADA else f"yykept{number}x{place}"
        event = await store.accept(
            InboundMessage(f"event-{number}-{place}", thread, person, f"I keep {secret}", said_at)
        )
        assert event is not None
        keys.append(event.key)
        for text, by in ((f"I keep {secret}", person.external_id), (f"You keep {secret}", None)):
            messages.append(
                Message(
                    said_at,
                    MessageType.CHAT,
                    text,
                    requester=by,
                    message_id=store.ids.next(said_at),
                    event_id=f"event-{number}-{place}" if by else None,
                )
            )
    head = ConversationHead(
        conversation_id=store.ids.next(said_at),
        thread=thread,
        requester=speakers[0].external_id,
        created_at=said_at,
        updated_at=said_at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename="",
        state=ConversationState.ENDED,
        ended_at=said_at,
        title=messages[0].message_content,
        summary=" ".join(message.message_content for message in messages),
    )
    head = replace(head, filename=name_of(head))
    await store.commit_turn(
        TurnRecord(head.conversation_id, tuple(messages), (head,), people=speakers, answered=tuple(keys))
    )
    stored = await store.load(head.conversation_id)
    assert isinstance(stored, StoredConversation)
    name = await files.save(stored)
    if name != head.filename:
        await store.rename_transcript(head.conversation_id, name)
