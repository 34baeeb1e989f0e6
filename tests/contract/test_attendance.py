"""Who answers where, and what people wish and were told, are kept whatever the database."""

from datetime import UTC, datetime, timedelta

import pytest

from source.adapters.storage.attendance_table import AttendanceTable
from source.adapters.storage.person_deletion import PersonDeletion
from source.adapters.storage.person_reading import PersonTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.attendance import ECHO_ANSWERS, Attendance, AttendedThread, Mode
from source.domain.errors import AlreadyAnsweredError
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.turn import Told, TurnRecord
from tests.contract.conftest import Store
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import head, inbound, said

ADA = ThreadKey(Platform.WHATSAPP, "77")
WHATSAPP = Platform.WHATSAPP
UNTIL = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def table(sql_store: SqlStore) -> AttendanceTable:
    return AttendanceTable(sql_store)


async def test_who_answers_in_a_thread_is_who_was_decided_last(table: AttendanceTable) -> None:
    paused = Attendance(Mode.PAUSED, UNTIL, UNTIL - timedelta(hours=1), "owner")
    await table.attend(ADA, Attendance(Mode.HUMAN, None, None, "person"))
    await table.attend(ADA, paused)
    await table.attend(ThreadKey(Platform.DISCORD, "77"), Attendance(Mode.HUMAN, None, UNTIL, "operator"))
    assert [each.thread.platform for each in await table.attended()] == [Platform.DISCORD, WHATSAPP]
    await table.attend(ThreadKey(Platform.DISCORD, "77"), ECHO_ANSWERS)
    assert await table.attended() == [AttendedThread(ADA, paused)]


async def test_a_wish_for_nothing_unasked_counts_from_the_first_time(table: AttendanceTable, clock: FakeClock) -> None:
    assert await table.stopped_at(WHATSAPP, "77") is None
    first = clock.now()
    await table.stop(WHATSAPP, "77")
    clock.advance(hours=1)
    await table.stop(WHATSAPP, "77")
    assert await table.stopped_at(WHATSAPP, "77") == first
    assert await table.stopped_at(Platform.DISCORD, "77") is None
    await table.start(WHATSAPP, "77")
    assert await table.stopped_at(WHATSAPP, "77") is None


async def test_whether_somebody_has_written_since_is_known(
    table: AttendanceTable, sql_store: SqlStore, clock: FakeClock
) -> None:
    thread, ada = ThreadRef(WHATSAPP, "77"), PersonRef("77", "Ada")
    await sql_store.accept(inbound("Hello", thread=thread, person=ada))
    stopped = clock.now()
    clock.advance(seconds=5)
    await sql_store.accept(inbound("Hi", thread=thread, person=PersonRef("78", "Ben")))
    assert not await table.has_written_since(WHATSAPP, "77", stopped)
    await sql_store.accept(inbound("Are you there?", thread=thread, person=ada))
    assert await table.has_written_since(WHATSAPP, "77", stopped)
    assert not await table.has_written_since(WHATSAPP, "77", clock.now())


async def test_what_is_told_once_is_known_with_the_turn_that_tells_it(sql_store: SqlStore) -> None:
    table, begun = AttendanceTable(sql_store), head(thread=ThreadRef(WHATSAPP, "77"))
    where = begun.conversation_id
    told = (Told(WHATSAPP, "77", "introduction"), Told(WHATSAPP, "77", "closed", "Monday"))
    event = await sql_store.accept(inbound("Hello", thread=begun.thread))
    assert event is not None
    await sql_store.commit_turn(TurnRecord(where, heads=(begun,), answered=(event.key,), told=told))
    assert await table.told(WHATSAPP, ["77", "78"], "introduction") == {"77": ""}
    assert await table.told(WHATSAPP, ["77"], "closed") == {"77": "Monday"}
    assert await table.told(Platform.DISCORD, ["77"], "closed") == {}
    again = TurnRecord(where, answered=(event.key,), told=(Told(WHATSAPP, "78", "introduction"),))
    with pytest.raises(AlreadyAnsweredError):
        await sql_store.commit_turn(again)
    assert await table.told(WHATSAPP, ["78"], "introduction") == {}
    await sql_store.commit_turn(TurnRecord(where, told=(Told(WHATSAPP, "77", "closed", "Tuesday"),)))
    assert await table.told(WHATSAPP, ["77"], "closed") == {"77": "Tuesday"}


async def test_a_reply_that_is_taken_back_is_delivered_no_more(store: Store) -> None:
    begun, reply = head(thread=ThreadRef(WHATSAPP, "77")), said("Hello yourself", by=None)
    event = await store.accept(inbound("Hello", thread=begun.thread))
    assert event is not None
    where = begun.conversation_id
    await store.commit_turn(TurnRecord(where, heads=(begun,), messages=(reply,), answered=(event.key,)))
    assert [each.message.message_id for each in await store.undelivered(begun.thread.key)] == [reply.message_id]
    await store.commit_turn(TurnRecord(where, superseded=(reply.message_id,)))
    assert await store.undelivered(begun.thread.key) == []
    stored = await store.load(where)
    assert stored is not None
    assert not stored.messages[0].is_kept


async def test_whoever_is_forgotten_leaves_no_wish_and_nobody_who_answers(sql_store: SqlStore) -> None:
    table, thread = AttendanceTable(sql_store), ThreadRef(WHATSAPP, "77")
    await sql_store.accept(inbound("Hello", thread=thread, person=PersonRef("77", "Ada")))
    await sql_store.accept(inbound("Hi", thread=ThreadRef(WHATSAPP, "78"), person=PersonRef("78", "Ben")))
    for each in ("77", "78"):
        await table.stop(WHATSAPP, each)
        await table.attend(ThreadKey(WHATSAPP, each), Attendance(Mode.HUMAN, UNTIL, UNTIL, "person"))
    who = await PersonTable(sql_store).known_as(WHATSAPP, "77")
    assert who is not None
    await PersonDeletion(sql_store).forget_rows(who, None, before=2**53)
    assert await table.stopped_at(WHATSAPP, "77") is None
    assert await table.stopped_at(WHATSAPP, "78") is not None
    assert [each.thread.thread_id for each in await table.attended()] == ["78"]
