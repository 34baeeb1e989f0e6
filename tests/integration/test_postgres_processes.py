"""Several processes write to one PostgreSQL: their ids differ, and each goes by what the others changed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, delete

from source.adapters.storage import migrate, node_lease, postgres_engine
from source.adapters.storage.migrate import NEWEST
from source.adapters.storage.node_lease import LOCKS, OWNERS
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import aliases, events, participants, people, threads
from source.domain.errors import AlreadyAnsweredError, FolderInUseError, StoreUnavailableError
from source.domain.identifiers import NODES
from source.domain.message import Standing
from source.domain.thread import PersonRef, Platform
from source.domain.turn import TurnRecord
from source.ports.store import Scope
from tests.fakes.clock import FakeClock
from tests.fakes.databases import server
from tests.fakes.store_samples import CLOSED, NOW, head, inbound, said

ROOT = Path(__file__).parents[2]
OPEN_AND_WRITE = """
import asyncio, os, signal, sys
from source.adapters.storage.sql_store import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import inbound

async def main():
    store = await SqlStore.open(sys.argv[1], clock=FakeClock())
    await asyncio.gather(*(store.accept(inbound(event_id=f"{sys.argv[2]}-{number}")) for number in range(20)))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture
def database() -> Iterator[str]:
    with server().database() as url:
        yield url


@pytest.fixture
async def stores(database: str) -> AsyncIterator[list[SqlStore]]:
    async with AsyncExitStack() as stack:
        stores = [await SqlStore.open(database, clock=FakeClock()) for _ in range(2)]
        for store in stores:
            stack.push_async_callback(store.close)
        yield stores


def _nodes(*stores: SqlStore) -> list[int]:
    return [store.ids.next(NOW) % NODES for store in stores]


def _rows(database: str, query: bytes) -> list[tuple[object, ...]]:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(query).fetchall()


async def test_processes_that_start_at_once_make_the_tables_once_and_lose_nothing_when_killed() -> None:
    with server().database(is_empty=True) as database:
        started = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN_AND_WRITE, database, name, cwd=ROOT)
            for name in ("a", "b", "c")
        ]
        assert [await process.wait() for process in started] == [-signal.SIGKILL] * 3
        assert _rows(database, b"SELECT version_num FROM alembic_version") == [(NEWEST,)]
        store = await SqlStore.open(database, clock=FakeClock())
        waiting = await store.unanswered()
        await store.close()
    assert len({event.inbound.event_id for event in waiting}) == len({event.key for event in waiting}) == 60


async def test_no_two_processes_have_one_node(database: str) -> None:
    async with AsyncExitStack() as stack:
        stores = [await SqlStore.open(database, clock=FakeClock()) for _ in range(1, NODES)]
        for store in stores:
            stack.push_async_callback(store.close)
        assert sorted(_nodes(*stores)) == list(range(1, NODES))
        with pytest.raises(StoreUnavailableError, match="stop one"):
            await SqlStore.open(database, clock=FakeClock())
        (given_up,) = _nodes(stores[7])
        await stores[7].close()
        another = await SqlStore.open(database, clock=FakeClock())
        stack.push_async_callback(another.close)
        assert _nodes(another) == [given_up]


async def _owner(database: str) -> SqlStore:
    return await SqlStore.open(database, clock=FakeClock(), is_owner=True)


async def test_a_database_has_one_owner_beside_others(database: str, stores: list[SqlStore]) -> None:
    owner = await _owner(database)
    assert _nodes(owner) == [OWNERS]
    with pytest.raises(FolderInUseError, match="another Echo owns this database"):
        await _owner(database)
    await asyncio.gather(*(store.accept(inbound()) for store in (owner, *stores)))
    await owner.close()
    await (await _owner(database)).close()


async def test_an_owner_that_was_killed_is_followed_at_once(database: str) -> None:
    program = OPEN_AND_WRITE.replace("clock=FakeClock()", "clock=FakeClock(), is_owner=True")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, database, "a", cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    owner = await _owner(database)
    assert len(await owner.unanswered()) == 20
    await owner.close()


async def test_an_owner_whose_connection_broke_unnoticed_owns_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await _owner(database)
    given_up: list[Connection] = []
    with monkeypatch.context() as patch:
        # The server goes on with the connection that this side has given up.
        patch.setattr(node_lease, "discard", given_up.append)
        patch.setattr(node_lease, "_has_something_to_say", lambda _connection: True)
        await owner.accept(inbound())
    assert len(given_up) == 1
    assert _nodes(owner) == [OWNERS]
    await owner.accept(inbound())
    await owner.close()
    given_up[0].invalidate()
    given_up[0].close()


async def test_an_owner_that_another_followed_writes_no_more(database: str) -> None:
    owner = await _owner(database)
    _rows(database, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE objid = {OWNERS}".encode())
    follower = await _owner(database)
    with pytest.raises(FolderInUseError):
        await owner.accept(inbound())
    assert await follower.unanswered() == []
    await follower.close()
    assert await owner.accept(inbound()) is not None
    await owner.close()


async def test_a_node_that_another_process_took_is_not_used_again(
    stores: list[SqlStore], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = stores
    (node,), before = _nodes(store), store.ids.next(NOW)
    _rows(database, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE objid = {node}".encode())
    with psycopg.connect(database, autocommit=True) as taker:
        taker.execute(f"SELECT pg_advisory_lock({LOCKS}, {node})".encode())
        await store.accept(inbound())
        assert len({node, *_nodes(store, other)}) == 3
        assert store.ids.next(NOW) > before


async def test_a_node_that_was_lost_for_a_moment_is_kept(stores: list[SqlStore], database: str) -> None:
    before = _nodes(*stores)
    _rows(database, b"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'echo'")
    await asyncio.gather(*(store.accept(inbound()) for store in stores))
    assert _nodes(*stores) == before
    assert len(_rows(database, b"SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")) == 2


@pytest.mark.parametrize("text", ["Hello!", None])
async def test_what_another_process_amends_during_a_turn_is_kept_as_it_reads_by_then(
    stores: list[SqlStore], text: str | None
) -> None:
    store, other = stores
    event, second = [await store.accept(inbound("Hello", event_id=name)) for name in ("e1", "e2")]
    assert event is not None
    assert second is not None
    amended = await other.amend(Platform.TERMINAL, "e1", text)
    assert amended is not None
    messages = (said("Hello", event_id="e1"), said("Made of Hello", event_id="e2"), said("Hi", by=None))
    conversation = head()
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), answered=(event.key, second.key))
    kept = await store.commit_turn(record)
    gone = replace(messages[0], message_content="", standing=Standing.DELETED)
    assert kept == (gone if text is None else replace(messages[0], message_content=text), *messages[1:])
    with pytest.raises(AlreadyAnsweredError):
        await other.commit_turn(replace(record, messages=(said("Hello again", event_id="e1"),), heads=()))


async def test_an_event_is_amended_or_answered_whoever_does_it(stores: list[SqlStore]) -> None:
    store, other = stores
    for number in range(20):
        name = f"e{number}"
        event = await store.accept(inbound("Hello", event_id=name))
        assert event is not None
        conversation = head(is_active=False)
        record = TurnRecord(
            conversation.conversation_id, (said("Hello", event_id=name),), (conversation,), answered=(event.key,)
        )
        amended, kept = await asyncio.gather(other.amend(Platform.TERMINAL, name, "Hello!"), store.commit_turn(record))
        assert kept[0].message_content == ("Hello" if amended is None else "Hello!")


async def test_an_event_is_accepted_by_one_of_several(stores: list[SqlStore]) -> None:
    for number in range(20):
        said_once = inbound(event_id=f"{number}")
        accepted = await asyncio.gather(*(store.accept(said_once) for store in stores))
        assert [event is None for event in accepted].count(True) == 1


async def test_a_circle_that_another_process_opened_is_closed_again_by_its_channel(stores: list[SqlStore]) -> None:
    store, other = stores
    conversation = head(thread=CLOSED)
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said("secret plans"),), (conversation,)))
    await store.accept(inbound(thread=CLOSED))
    await other.accept(inbound(thread=replace(CLOSED, circle=None)))
    await store.accept(inbound(thread=CLOSED))
    assert await other.search("secret", scope=Scope(Platform.DISCORD, "ann", "7")) == []
    assert len(await other.search("secret", scope=Scope(Platform.DISCORD, "ann", "7", circle="staff"))) == 1


async def test_what_another_process_deleted_is_written_again(stores: list[SqlStore]) -> None:
    store, other = stores
    ben = PersonRef("ben", "Ben")
    await store.accept(inbound(person=ben))
    await other.change(_forget_everything)
    await store.accept(inbound(person=ben))
    (waiting,) = await other.unanswered()
    assert waiting.inbound.person == ben


def _forget_everything(connection: Connection, _now: datetime) -> None:
    for table in (participants, events, aliases, people, threads):
        connection.execute(delete(table))


async def test_a_name_that_another_process_changed_is_changed_back_by_who_uses_it(stores: list[SqlStore]) -> None:
    store, other = stores
    for each, name in ((store, "Ann"), (other, "Annie"), (store, "Ann")):
        await each.accept(inbound(person=PersonRef("ann", name)))
    assert {event.inbound.person.display_name for event in await store.unanswered()} == {"Ann"}


async def test_writers_that_wait_for_each_other_both_end_well(stores: list[SqlStore]) -> None:
    """Each of two transactions takes a row that the other wants next: the server ends one, which is done again."""
    for name in ("a", "b"):
        await stores[0].accept(inbound(event_id=name))
    taken = [asyncio.Event(), asyncio.Event()]
    loop = asyncio.get_running_loop()

    def taking(first: str, second: str, own: asyncio.Event, others: asyncio.Event) -> "asyncio.Future[int]":
        tries = 0

        def change(connection: Connection, _now: datetime) -> int:
            nonlocal tries
            tries += 1
            _touch(connection, first)
            loop.call_soon_threadsafe(own.set)
            asyncio.run_coroutine_threadsafe(others.wait(), loop).result(10)
            _touch(connection, second)
            return tries

        store = stores[0] if first == "a" else stores[1]
        return asyncio.ensure_future(store.change(change))

    tries = await asyncio.gather(taking("a", "b", *taken), taking("b", "a", *reversed(taken)))
    assert sorted(tries) == [1, 2]


def _touch(connection: Connection, name: str) -> None:
    connection.execute(events.update().where(events.c.event_id == name).values(text="touched"))


async def test_a_start_waits_for_tables_that_another_process_is_making(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_engine, "_LOCK_TIMEOUT", "50ms")
    with server().database(is_empty=True) as database, psycopg.connect(database) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({LOCKS}, {migrate.LOCK})".encode())
        opening = asyncio.create_task(SqlStore.open(database, clock=FakeClock()))
        await asyncio.to_thread(_until_somebody_waits, database)
        await asyncio.wait([opening], timeout=0.2)
        assert not opening.done()
        other.rollback()
        store = await opening
        assert await store.accept(inbound()) is not None
        await store.close()


def _until_somebody_waits(database: str) -> None:
    while not _rows(database, b"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
        pass
