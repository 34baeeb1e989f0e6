"""What the clean-up finds and deletes, on every database."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, Table, func, insert, select, update

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.engine import READERS
from source.adapters.storage.housekeeping_table import HousekeepingTable
from source.adapters.storage.operation_tables import idempotent_answers
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import aliases, conversations, events, feedback, people, sent_parts, sent_statuses
from source.adapters.storage.webhook_table import WebhookTable
from source.domain.conversation_head import ConversationState
from source.domain.thread import Platform
from source.domain.turn import Feedback, SentPart, TurnRecord
from source.ports.webhooks import Delivery
from tests.contract.test_archives import archive_of, put
from tests.fakes.arrivals import delivered
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import ANN, BEN, MAIN, NOW, head, inbound, said

DAY = timedelta(days=1)


@pytest.fixture
def table(sql_store: SqlStore) -> ArchiveTable:
    return ArchiveTable(sql_store)


@pytest.fixture
def housekeeping(sql_store: SqlStore) -> HousekeepingTable:
    return HousekeepingTable(sql_store)


def count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def size_of_messages(connection: Connection) -> int:
    query = "SELECT pg_total_relation_size('messages')"
    if connection.dialect.name == "sqlite":
        query = "SELECT page_count FROM pragma_page_count()"
    return int(connection.exec_driver_sql(query).scalar_one())


async def test_archives_are_found_by_age_and_form(
    sql_store: SqlStore, table: ArchiveTable, housekeeping: HousekeepingTable
) -> None:
    keys = []
    for number in range(4):
        stored = await put(sql_store, said(str(number)))
        keys.append(stored.head.conversation_id)
        archive = archive_of(stored, archived_at=NOW - number * DAY, is_compressed=number < 2, location=f"a/{number}")
        await table.note_archived(archive, seen=stored)
    assert await housekeeping.archived_before(NOW - DAY / 2) == [keys[3], keys[2], keys[1]]
    assert await housekeeping.archived_before(NOW - DAY / 2, limit=1) == [keys[3]]
    assert await housekeeping.plain_archives(NOW) == [keys[3], keys[2]]
    assert await housekeeping.locations([keys[0], keys[3], 4_711]) == {keys[0]: "a/0", keys[3]: "a/3"}
    names = await housekeeping.archived_filenames(limit=3)
    assert names == [(key, f"{key}.json") for key in keys[:3]]
    assert await housekeeping.archived_filenames(after=keys[2]) == [(keys[3], f"{keys[3]}.json")]


async def test_an_archive_is_unsettled_while_nothing_is_noted_of_it_or_it_is_behind(
    sql_store: SqlStore, table: ArchiveTable, housekeeping: HousekeepingTable
) -> None:
    right, behind = await put(sql_store, said("One")), await put(sql_store, said("Two"))
    for stored in (right, behind):
        await table.note_archived(archive_of(stored), seen=stored)
    await sql_store.correct(behind.head.conversation_id, behind.messages[0])
    unknown = await put(sql_store)
    await sql_store.change(
        lambda connection, _: connection.execute(
            update(conversations)
            .where(conversations.c.id == unknown.head.conversation_id)
            .values(state=ConversationState.ARCHIVED.value)
        )
    )
    await put(sql_store, said("Not archived"))
    assert await housekeeping.unsettled_archives() == [behind.head.conversation_id, unknown.head.conversation_id]


async def test_rows_of_nothing_are_deleted_and_all_others_stay(
    sql_store: SqlStore, table: ArchiveTable, housekeeping: HousekeepingTable, clock: FakeClock
) -> None:
    answered = await sql_store.accept(inbound("Hello", event_id="1"))
    waiting = await sql_store.accept(inbound("Waits", event_id="2", person=BEN))
    assert answered is not None
    assert waiting is not None
    conversation = head()
    spoken, reply = said("Hello", event_id="1"), said("Yes", by=None)
    record = TurnRecord(
        conversation.conversation_id, (spoken, reply), (conversation,), answered=(answered.key,), people=(ANN,)
    )
    await sql_store.commit_turn(record)
    sql_store.note_sent(MAIN.platform, SentPart(answered.key, 0, "shown-1"))
    await sql_store.put_feedback(Feedback(answered.key, ANN, 1, NOW))
    assert set((await housekeeping.delete_orphans()).values()) == {0}

    def spoil(connection: Connection, _: object) -> None:
        connection.execute(insert(sent_parts).values(platform="discord", external_id="shown-2", key=4_711, part=0))
        told = {"platform": "discord", "external_id": "shown-2", "key": 4_711, "part": 0, "parts": 1}
        connection.execute(insert(sent_statuses).values(**told, status="read", told_at=NOW))
        row = {"platform": "discord", "external_id": "x", "value": 1, "given_at": NOW}
        connection.execute(insert(feedback).values(key=4_711, **row))
        connection.execute(insert(people).values(id=4_711))
        connection.execute(
            insert(aliases).values(platform="discord", external_id="gone", person_id=4_711, display_name="Gone")
        )
        connection.execute(
            update(events).where(events.c.id == answered.key).values(conversation_id=4_711, reply_to="x")
        )

    await sql_store.change(spoil)
    stored = await put(sql_store)
    await table.note_archived(archive_of(stored), seen=stored)
    await sql_store.commit_turn(TurnRecord(stored.head.conversation_id, heads=(stored.head,)))
    deleted = await housekeeping.delete_orphans()

    # What was shown of an event whose conversation is gone goes with it.
    one_each = ("archives", "sent_parts", "sent_statuses", "feedback", "aliases", "people", "events")
    assert deleted == dict.fromkeys(one_each, 1) | {"parked_replies": 0}
    assert set((await housekeeping.delete_orphans()).values()) == {0}
    assert await sql_store.read(count, aliases) == 2
    assert [event.inbound.event_id for event in await sql_store.unanswered()] == ["2"]
    assert await sql_store.is_accepted(MAIN.platform, "1")


async def test_somebody_whose_name_was_forgotten_has_one_again_once_they_speak(
    sql_store: SqlStore, table: ArchiveTable, housekeeping: HousekeepingTable
) -> None:
    conversation = head(is_active=False)
    await sql_store.commit_turn(
        TurnRecord(conversation.conversation_id, (said("Hello"),), (conversation,), people=(ANN,))
    )
    await table.delete_conversations([conversation.conversation_id])
    assert (await housekeeping.delete_orphans())["aliases"] == 1
    again = head()
    await sql_store.commit_turn(TurnRecord(again.conversation_id, (said("Hello"),), (again,), people=(ANN,)))
    stored = await sql_store.load(again.conversation_id)
    assert stored is not None
    assert stored.people == {"ann": "Ann"}


async def test_old_answers_are_forgotten(sql_store: SqlStore, housekeeping: HousekeepingTable) -> None:
    def answer(connection: Connection, _: object) -> None:
        for number in range(3):
            connection.execute(
                insert(idempotent_answers).values(
                    owner="key", key=str(number), request_hash="x", created_at=NOW - number * DAY
                )
            )

    await sql_store.change(answer)
    assert await housekeeping.delete_answers(NOW - DAY / 2) == 2
    assert await sql_store.read(count, idempotent_answers) == 1


async def test_space_is_given_back_and_queries_go_on(
    sql_store: SqlStore, table: ArchiveTable, housekeeping: HousekeepingTable
) -> None:
    keys = []
    for number in range(20):
        stored = await put(
            sql_store, *(said(f"Number {number}: " + "many words " * 400 + str(number)) for _ in range(20))
        )
        keys.append(stored.head.conversation_id)
    await sql_store.search("words")
    await table.delete_conversations(keys[1:])
    before = await sql_store.read(size_of_messages)
    freed = await housekeeping.give_back_space(within=timedelta(minutes=1))

    assert await sql_store.read(size_of_messages) < before * 0.8
    assert freed.after_bytes > 0
    assert len(await sql_store.search("words", limit=50)) == 20


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_readers_see_one_moment_and_write_nothing_after_a_clean_up_too(
    sql_store: SqlStore, housekeeping: HousekeepingTable
) -> None:
    assert await _levels(sql_store) == {("repeatable read", "on")}
    await housekeeping.give_back_space(within=timedelta(minutes=1))
    assert await _levels(sql_store) == {("repeatable read", "on")}


async def _levels(store: SqlStore) -> set[tuple[str, str]]:
    """Ask every reader: they work at the same time."""
    together = Barrier(READERS)

    def look(connection: Connection) -> tuple[str, str]:
        together.wait(10)
        query = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
        isolation, read_only = connection.exec_driver_sql(query).one()
        return isolation, read_only

    return set(await asyncio.gather(*(store.read(look) for _ in range(READERS))))


async def test_a_database_from_before_space_was_given_back_in_steps_is_rewritten_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    file = tmp_path / "echo.db"
    with closing(sqlite3.connect(file)) as older:
        older.execute("PRAGMA journal_mode = WAL")
    store = await SqlStore.open(file, clock=clock)
    try:
        long = await put(store, said("x" * 4_000_000))
        await ArchiveTable(store).delete_conversations([long.head.conversation_id])
        freed = await HousekeepingTable(store).give_back_space(within=timedelta(minutes=1))
        await put(store, said("Hello again"))
        assert freed.after_bytes < freed.before_bytes - 3_900_000
        assert len(await store.search("hello")) == 1
    finally:
        await store.close()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_what_was_delivered_long_ago_and_seen_to_is_forgotten(
    sql_store: SqlStore, housekeeping: HousekeepingTable
) -> None:
    table = WebhookTable(sql_store)
    done, waiting = await delivered(table, Platform.WHATSAPP, [Delivery("a", "one"), Delivery("b", "two")])
    await table.seen_to([done.number])
    assert await housekeeping.delete_deliveries(NOW - DAY) == 0
    assert await housekeeping.delete_deliveries(NOW + DAY) == 1
    assert await table.kept(Platform.WHATSAPP, limit=9) == [waiting]
