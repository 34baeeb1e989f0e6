"""Connections that end again and again, and a crash of the server, under the writes of two processes."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

import psycopg
import pytest
from sqlalchemy import Connection, select, update

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import conversations
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.databases import own_server
from tests.fakes.postgres import PostgresServer
from tests.fakes.store_samples import head, inbound, said

_WRITERS = 8
_ROUNDS = 40
_TURNS_A_ROUND = 3
_CRASH_EVERY = 15


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_server() as server:
        with psycopg.connect(server.url().render_as_string(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE store")
        yield server


async def test_nothing_is_lost_and_nothing_done_twice(server: PostgresServer) -> None:
    stores = [await SqlStore.open(server.url("store").render_as_string(), clock=FakeClock()) for _ in range(2)]
    turns: asyncio.Queue[None] = asyncio.Queue()
    over = asyncio.Event()
    trouble = asyncio.create_task(_trouble(server, turns, over))
    names = [f"w{number}" for number in range(_WRITERS)]
    told = await asyncio.gather(*(_talk(stores[number % 2], name, turns, over) for number, name in enumerate(names)))
    assert await trouble > _ROUNDS
    for name, (conversation_id, ids) in zip(names, told, strict=True):
        stored = await stores[0].load(conversation_id)
        assert stored is not None
        assert [message.message_content for message in stored.messages] == _said_by(name, stored.head.context_start)
        assert [message.message_id for message in stored.messages] == ids
    assert await stores[1].unanswered() == []
    for store in stores:
        await store.close()


async def _trouble(server: PostgresServer, turns: "asyncio.Queue[None]", over: asyncio.Event) -> int:
    ended = 0
    try:
        for number in range(1, _ROUNDS + 1):
            while not turns.empty():
                turns.get_nowait()
            for _ in range(_TURNS_A_ROUND):
                await turns.get()
            ended += await asyncio.to_thread(_end_connections, server)
            if number % _CRASH_EVERY == 0:
                await asyncio.to_thread(server.stop, "QUIT")
                await asyncio.to_thread(server.start)
    finally:
        over.set()
    return ended


def _end_connections(server: PostgresServer) -> int:
    with psycopg.connect(server.url().render_as_string(), autocommit=True) as admin:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'echo'"
        return len(admin.execute(query.encode()).fetchall())


async def _talk(store: SqlStore, name: str, turns: "asyncio.Queue[None]", over: asyncio.Event) -> tuple[int, list[int]]:
    conversation = head(thread=ThreadRef(Platform.TERMINAL, name))
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
    ids: list[int] = []
    for number in itertools.count():
        if over.is_set():
            break
        text, event_id = f"{name} {number}", f"{name}-{number}"
        event = await store.accept(inbound(text, event_id=event_id, thread=conversation.thread))
        assert event is not None
        messages = (said(text, event_id=event_id), said(f"re: {text}", by=None))
        await store.commit_turn(TurnRecord(conversation.conversation_id, messages, answered=(event.key,)))
        await store.change(_one_more(conversation.conversation_id))
        await store.mark_delivered([event.key])
        ids += [message.message_id for message in messages]
        turns.put_nowait(None)
    return conversation.conversation_id, ids


def _one_more(conversation_id: int) -> Callable[[Connection, datetime], None]:
    def change(connection: Connection, _now: datetime) -> None:
        own = conversations.c.id == conversation_id
        start = connection.execute(select(conversations.c.context_start).where(own)).scalar_one()
        connection.execute(update(conversations).where(own).values(context_start=start + 1))

    return change


def _said_by(name: str, turns: int) -> list[str]:
    texts = [f"{name} {number}" for number in range(turns)]
    return [line for text in texts for line in (text, f"re: {text}")]
