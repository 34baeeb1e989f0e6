"""What waits until a person writes again, and when they wrote last."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.conversation_deletion import deletion_of
from source.adapters.storage.parked_table import ParkedTable
from source.adapters.storage.parked_tables import parked_replies
from source.adapters.storage.person_deletion import PersonDeletion
from source.adapters.storage.person_reading import PersonTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.webhook_table import WebhookTable
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import SentPart, TurnRecord
from source.ports.parked import ParkedReason
from source.ports.webhooks import Delivery, Wrote
from tests.fakes.arrivals import delivered
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import NOW, head, inbound, said

WHATSAPP = Platform.WHATSAPP
ADA, BEN = ThreadRef(WHATSAPP, "4711"), ThreadRef(WHATSAPP, "4712")
_HOUR = timedelta(hours=1)


@pytest.fixture
def table(sql_store: SqlStore) -> ParkedTable:
    return ParkedTable(sql_store)


async def _answered(store: SqlStore, thread: ThreadRef = ADA, *, questions: int = 1) -> int:
    """Have so many messages answered by one reply; return the key of the first."""
    events = [await store.accept(inbound(thread=thread)) for _ in range(questions)]
    keys = tuple(event.key for event in events if event is not None)
    conversation = head(thread=thread, is_active=False)
    messages = (*(said(event_id=event.inbound.event_id) for event in events if event is not None), said(by=None))
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), answered=keys)
    await store.commit_turn(record)
    return keys[0]


async def test_what_is_parked_is_listed_with_its_reason_the_longest_first(
    table: ParkedTable, sql_store: SqlStore, clock: FakeClock
) -> None:
    first, second = await _answered(sql_store), await _answered(sql_store, BEN)
    await table.park(second, ParkedReason.WINDOW, is_told=False)
    clock.jump(seconds=60)
    await table.park(first, ParkedReason.REFUSED, is_told=True)
    (longest, newest) = await table.parked()
    assert (longest.key, longest.thread, longest.reason, longest.is_told) == (second, BEN.key, "window", False)
    assert (newest.key, newest.reason, newest.is_told) == (first, "refused", True)
    assert newest.parked_at - longest.parked_at == timedelta(seconds=60)
    assert await table.count() == 2
    assert await table.parked(Platform.DISCORD) == []
    assert await table.parked(WHATSAPP, limit=1, offset=1) == [newest]
    assert await table.in_thread(ADA.key) == [newest]
    (undelivered, _) = await sql_store.undelivered()
    assert (newest.conversation_id, newest.message_id) == (undelivered.conversation_id, undelivered.message.message_id)


async def test_what_is_parked_again_has_waited_since_the_first_time(
    table: ParkedTable, sql_store: SqlStore, clock: FakeClock
) -> None:
    key = await _answered(sql_store)
    await table.park(key, ParkedReason.WINDOW, is_told=False)
    (before,) = await table.parked()
    clock.jump(seconds=60)
    await table.park(key, ParkedReason.REFUSED, is_told=True)
    (after,) = await table.parked()
    assert (after.parked_at, after.reason, after.is_told) == (before.parked_at, "refused", True)


async def test_what_has_arrived_waits_no_more_even_if_that_was_not_noted(
    table: ParkedTable, sql_store: SqlStore
) -> None:
    first, second = await _answered(sql_store), await _answered(sql_store)
    for key in (first, second):
        await table.park(key, ParkedReason.WINDOW, is_told=False)
    await sql_store.mark_delivered([first])
    await table.settle(4711)  # what was noted before is written before
    assert [each.key for each in await table.parked()] == [second]
    await table.settle(second)
    assert await table.count() == 0
    assert [reply.keys for reply in await sql_store.undelivered()] == [(second,)]


async def test_what_was_parked_too_long_ago_is_dropped(
    table: ParkedTable, sql_store: SqlStore, clock: FakeClock
) -> None:
    old = await _answered(sql_store, questions=2)
    await table.park(old, ParkedReason.WINDOW, is_told=False)
    clock.jump(seconds=3_600)
    new = await _answered(sql_store)
    await table.park(new, ParkedReason.WINDOW, is_told=False)
    assert await table.drop(Platform.DISCORD, clock.now()) == []
    assert await table.drop(WHATSAPP, clock.now() - _HOUR / 2) == [old]
    assert [reply.keys for reply in await sql_store.undelivered()] == [(new,)]
    assert [each.key for each in await table.parked()] == [new]


async def test_what_turned_out_not_to_have_arrived_waits_again_with_the_parts_that_failed(
    table: ParkedTable, sql_store: SqlStore
) -> None:
    key = await _answered(sql_store, questions=2)
    for number in range(3):
        sql_store.note_sent(WHATSAPP, SentPart(key, number, f"sent {number}"))
    (reply,) = await sql_store.undelivered()
    await sql_store.mark_delivered(reply.keys)
    assert await table.return_to_waiting(key, [1, 2]) == ADA.key
    assert await table.return_to_waiting(key, [1, 2]) is None
    assert [each.keys for each in await sql_store.undelivered()] == [reply.keys]
    assert [each.part for each in await sql_store.unfinished_parts(WHATSAPP)] == [0]
    assert await table.return_to_waiting(4711, [0]) is None


async def test_each_part_that_failed_is_sent_again_though_the_reply_waits_already(
    table: ParkedTable, sql_store: SqlStore
) -> None:
    key = await _answered(sql_store)
    for number in range(3):
        sql_store.note_sent(WHATSAPP, SentPart(key, number, f"sent {number}"))
    assert await table.is_on_its_way(key)
    await sql_store.mark_delivered((key,))
    assert not await table.is_on_its_way(key)
    assert await table.return_to_waiting(key, [0]) == ADA.key
    assert await table.is_on_its_way(key)
    await table.park(key, ParkedReason.REFUSED, is_told=False)
    assert not await table.is_on_its_way(key)
    assert await table.return_to_waiting(key, [2]) == ADA.key
    assert [each.part for each in await sql_store.unfinished_parts(WHATSAPP)] == [1]


async def test_when_somebody_wrote_last_is_kept_with_what_they_wrote(table: ParkedTable, sql_store: SqlStore) -> None:
    webhooks = WebhookTable(sql_store)
    late = Delivery("late", "x", Wrote(1, NOW - _HOUR))
    await delivered(webhooks, WHATSAPP, [Delivery("a", "x", Wrote(1, NOW)), late, Delivery("edit", "x")])
    assert await table.wrote_at(WHATSAPP, 1) == NOW
    await delivered(webhooks, WHATSAPP, [Delivery("b", "x", Wrote(1, NOW + _HOUR)), Delivery("c", "x", Wrote(2, NOW))])
    assert await table.wrote_at(WHATSAPP, 1) == NOW + _HOUR
    assert await table.wrote_at(WHATSAPP, 2) == NOW
    assert await table.wrote_at(WHATSAPP, 3) is None


async def test_with_a_conversation_goes_what_is_parked_of_it(table: ParkedTable, sql_store: SqlStore) -> None:
    await table.park(await _answered(sql_store), ParkedReason.WINDOW, is_told=False)
    (parked,) = await table.parked()
    await sql_store.change(deletion_of(parked.conversation_id))
    assert await table.count() == 0
    assert await sql_store.read(lambda connection: connection.execute(select(parked_replies)).all()) == []


async def test_of_whom_is_forgotten_nobody_knows_when_they_wrote(table: ParkedTable, sql_store: SqlStore) -> None:
    contact = await ContactTable(sql_store).met(WHATSAPP, ["phone:4915112345678"], "Ada")
    person = PersonRef(str(contact.contact_id), "Ada")
    await sql_store.accept(inbound(thread=ADA, person=person))
    await delivered(WebhookTable(sql_store), WHATSAPP, [Delivery("a", "x", Wrote(contact.contact_id, NOW))])
    who = await PersonTable(sql_store).known_as(WHATSAPP, person.external_id)
    assert who is not None
    await PersonDeletion(sql_store).forget_rows(who, None, 2**53)
    assert await table.wrote_at(WHATSAPP, contact.contact_id) is None
