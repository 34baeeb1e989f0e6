"""Conversations to be put away, as the program finds them, and what is left of them."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import update

from source.adapters.blobs.zstandard import Zstandard
from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.blob_folder import BlobFolder
from source.adapters.storage.operation_tables import archives
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.errors import ArchiveDamagedError
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.transcript import encode_transcript
from source.domain.transcript_name import transcript_name
from source.domain.turn import TurnRecord
from source.ports.clock import SystemClock
from source.services.archived_transcripts import ArchivedTranscripts

ANN: Final = PersonRef("ann", "Ann")
_AT_ONCE: Final = 50
_AGE: Final = timedelta(days=400)


@dataclass(frozen=True)
class Put:
    """A conversation as it was put there, and the bytes of its transcript."""

    conversation: StoredConversation
    content: bytes

    @property
    def key(self) -> int:
        return self.conversation.head.conversation_id

    @property
    def chat(self) -> str:
        return self.conversation.head.thread.thread_id


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[SqlStore]:
    """Open the store while the program is dead."""
    store = await SqlStore.open(database_url, clock=SystemClock(), durability="normal")
    try:
        yield store
    finally:
        await store.close()


async def fill(database_url: str, folder: Path, conversations: int, chats: int) -> list[Put]:
    """Put ended conversations into the store and the folder."""
    files = ConversationFileManagerService(folder, durable=False)
    async with opened(database_url) as store:
        every = [_made(store, number, chats) for number in range(conversations)]
        for start in range(0, conversations, _AT_ONCE):
            await asyncio.gather(*(_put(store, files, each) for each in every[start : start + _AT_ONCE]))
        stored = [await store.load(each.head.conversation_id) for each in every]
    return [Put(each, encode_transcript(each)) for each in stored if each is not None]


async def _put(store: SqlStore, files: ConversationFileManagerService, made: StoredConversation) -> None:
    await store.commit_turn(TurnRecord(made.head.conversation_id, made.messages, (made.head,), people=(ANN,)))
    stored = await store.load(made.head.conversation_id)
    assert stored is not None
    await files.save(stored)


def _made(store: SqlStore, number: int, chats: int) -> StoredConversation:
    said_at = SystemClock().now() - timedelta(days=1, seconds=number)
    texts = (f"This is conversation {number}.", "So it is. 世界", "Good.")
    messages = tuple(
        Message(
            said_at + timedelta(seconds=place),
            MessageType.CHAT,
            text,
            requester=None if place % 2 else ANN.external_id,
            message_id=store.ids.next(said_at),
        )
        for place, text in enumerate(texts)
    )
    key = store.ids.next(said_at)
    name = transcript_name(created_at=said_at, requester=f"ann-{number}", guild_id=None, platform=Platform.WEB)
    head = ConversationHead(
        conversation_id=key,
        thread=ThreadRef(Platform.WEB, f"chat-{number % chats}"),
        requester=ANN.external_id,
        created_at=said_at,
        updated_at=said_at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename=name,
        state=ConversationState.ENDED,
        ended_at=said_at,
    )
    return StoredConversation(head, messages, {ANN.external_id: ANN.display_name})


async def make_old(database_url: str, keys: list[int]) -> None:
    """Have these archives be so old that the clean-up deletes them."""
    async with opened(database_url) as store:
        moment = SystemClock().now() - _AGE
        aged = update(archives).where(archives.c.conversation_id.in_(keys)).values(archived_at=moment)
        await store.change(lambda connection, _: connection.execute(aged).rowcount)


@dataclass(frozen=True)
class Left:
    """What there is: the states of the conversations that are there, the names of files and copies, what is wrong."""

    states: dict[int, ConversationState]
    files: frozenset[str]
    copies: frozenset[str]
    problems: tuple[str, ...]


async def look(database_url: str, folder: Path, every: list[Put], *, being_deleted: Collection[int] = ()) -> Left:
    """Look at what a dead program has left of these conversations.

    Of one that is being deleted the copy goes first; while the store still has it, it is whole there.
    """
    storage = BlobFolder(folder / "archive", "archive")
    archived = ArchivedTranscripts(storage, Zstandard(), elsewhere=lambda url: BlobFolder(Path(url), url))
    states: dict[int, ConversationState] = {}
    problems: list[str] = []
    async with opened(database_url) as store:
        table = ArchiveTable(store)
        for put in every:
            stored = await store.load(put.key)
            if stored is None:
                continue
            states[put.key] = stored.head.state
            found = await _problems(put, stored, table, archived, folder)
            problems += [f"{put.key}: {each}" for each in found if put.key not in being_deleted]
    copies = frozenset([blob.name async for blob in storage.listed()])
    return Left(states, frozenset(names_in(folder)), copies, tuple(problems))


async def _problems(
    put: Put, stored: StoredConversation, table: ArchiveTable, archived: ArchivedTranscripts, folder: Path
) -> list[str]:
    archive = await table.archive_of(put.key)
    if stored.head.state is not ConversationState.ARCHIVED:
        path = folder / stored.head.filename
        claims = {
            "it is not archived and has an archive": archive is None,
            "its transcript is not as it was": path.exists() and path.read_bytes() == put.content,
            "it is not as it was": replace(stored, head=replace(stored.head, filename="")) == _nameless(put),
        }
        return [problem for problem, holds in claims.items() if not holds]
    if archive is None:
        return ["it is archived and has no archive"]
    try:
        content = await archived.get(archive)
    except ArchiveDamagedError as error:
        return [str(error)]
    return [] if content == put.content else ["its archive is not as its transcript was"]


def names_in(folder: Path) -> list[str]:
    """Return the names of the transcripts in a folder, compressed or not."""
    return [path.name for path in folder.glob("*.json*")]


def _nameless(put: Put) -> StoredConversation:
    return replace(put.conversation, head=replace(put.conversation.head, filename=""))
