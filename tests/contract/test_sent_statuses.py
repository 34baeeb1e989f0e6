"""How far what was sent has come, in each database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.conversation_deletion import deletion_of
from source.adapters.storage.message_pages import MessageTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.status_table import StatusTable
from source.domain.outcome import Outcome
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import SentPart, TurnRecord
from source.ports.sent import Failed, Followed, ReplyPart, Status, begun_id, unknown_id
from tests.contract.test_archives import archive_of
from tests.fakes.clock import FakeClock
from tests.fakes.databases import rows
from tests.fakes.store_samples import head, inbound, said

WHATSAPP = Platform.WHATSAPP
CHAT = ThreadRef(WHATSAPP, "4711")
TEN_MINUTES = timedelta(minutes=10)
SENT, DELIVERED, READ, FAILED = Outcome.SENT, Outcome.DELIVERED, Outcome.READ, Outcome.FAILED


@pytest.fixture
def table(sql_store: SqlStore) -> StatusTable:
    return StatusTable(sql_store)


class Reply:
    """A stored reply to one event, whose parts are sent one after the other."""

    def __init__(self, store: SqlStore, key: int, conversation_id: int, message_id: int, parts: int) -> None:
        self.store = store
        self.key = key
        self.conversation_id = conversation_id
        self.message_id = message_id
        self.parts = [ReplyPart(key, number, parts) for number in range(parts)]

    def shown(self, outcome: Outcome) -> Followed:
        return Followed(self.conversation_id, self.message_id, CHAT, outcome)

    def noted(self, part: int, external_id: str) -> None:
        self.store.note_sent(WHATSAPP, SentPart(self.key, part, external_id))

    async def delivery(self) -> Outcome:
        stored = await self.store.load(self.conversation_id)
        assert stored is not None
        return stored.messages[-1].delivery


async def _reply(store: SqlStore, *, parts: int = 1) -> Reply:
    event = await store.accept(inbound(thread=CHAT))
    assert event is not None
    conversation = head(thread=CHAT, is_active=False)
    asked, answer = said(event_id=event.inbound.event_id), said("Hi", by=None)
    record = TurnRecord(conversation.conversation_id, (asked, answer), (conversation,), answered=(event.key,))
    await store.commit_turn(record)
    return Reply(store, event.key, conversation.conversation_id, answer.message_id, parts)


def _statuses(part: ReplyPart, *outcomes: Outcome, of: str = "m1") -> list[Status]:
    return [Status(of, outcome, part) for outcome in outcomes]


async def test_a_status_never_goes_back(
    sql_store: SqlStore, table: StatusTable, clock: FakeClock, database: str
) -> None:
    reply = await _reply(sql_store)
    (part,) = reply.parts
    assert (await table.tell(WHATSAPP, _statuses(part, READ))).followed == (reply.shown(READ),)
    told_at = rows(database, "SELECT told_at FROM sent_statuses")
    clock.advance(hours=1)
    told = await table.tell(WHATSAPP, _statuses(part, DELIVERED, SENT, READ))
    assert rows(database, "SELECT told_at FROM sent_statuses") == told_at
    assert (told.followed, told.failed, told.unrelated) == ((), (), 0)
    assert await reply.delivery() is READ


async def test_a_reply_has_come_as_far_as_its_last_part(sql_store: SqlStore, table: StatusTable) -> None:
    reply = await _reply(sql_store, parts=2)
    first, second = reply.parts
    await table.tell(WHATSAPP, _statuses(first, SENT, DELIVERED, READ, of="m1"))
    assert await reply.delivery() is Outcome.UNTOLD
    await table.tell(WHATSAPP, _statuses(second, SENT, of="m2"))
    assert await reply.delivery() is SENT
    told = await table.tell(WHATSAPP, _statuses(second, DELIVERED, of="m2"))
    assert told.followed == (reply.shown(DELIVERED),)


async def test_what_failed_stays_failed_and_says_why(sql_store: SqlStore, table: StatusTable) -> None:
    reply = await _reply(sql_store, parts=2)
    first, second = reply.parts
    await table.tell(WHATSAPP, _statuses(first, DELIVERED, of="m1"))
    failure = Status("m2", FAILED, second, code=131047)
    assert (await table.tell(WHATSAPP, [failure])).failed == (Failed(second, 131047, is_new=True),)
    assert (await table.tell(WHATSAPP, [failure])).failed == (Failed(second, 131047, is_new=False),)
    await table.tell(WHATSAPP, _statuses(second, READ, of="m2"))
    assert await reply.delivery() is FAILED
    (_, line) = await MessageTable(sql_store).said_in(reply.conversation_id, limit=2) or ()
    assert (line.delivery, line.delivery_error) == ("failed", 131047)


async def test_a_failure_that_is_told_again_after_the_part_was_sent_again_says_so(
    sql_store: SqlStore, table: StatusTable
) -> None:
    reply = await _reply(sql_store, parts=2)
    part, other = reply.parts
    reply.noted(0, "m1")
    reply.noted(1, "m2")
    assert (await table.tell(WHATSAPP, _statuses(part, FAILED))).failed == (Failed(part, None, is_new=True),)
    reply.noted(0, "m3")
    again = await table.tell(WHATSAPP, _statuses(part, FAILED))
    assert again.failed == (Failed(part, None, is_new=False, is_replaced=True),)
    assert not (await table.tell(WHATSAPP, _statuses(other, FAILED, of="m2"))).failed[0].is_replaced


async def test_a_part_fails_that_was_begun_alone_or_may_have_been_sent(sql_store: SqlStore, table: StatusTable) -> None:
    reply = await _reply(sql_store, parts=2)
    first, second = reply.parts
    await sql_store.begin_sending(WHATSAPP, SentPart(reply.key, 0, begun_id(first)))
    reply.noted(1, unknown_id(second))
    told = await table.tell(WHATSAPP, [*_statuses(first, FAILED, of="m1"), *_statuses(second, FAILED, of="m2")])
    assert [each.is_replaced for each in told.failed] == [False, False]


async def test_a_part_that_failed_and_was_sent_again_has_come_as_far_as_the_second(
    sql_store: SqlStore, table: StatusTable
) -> None:
    reply = await _reply(sql_store)
    (part,) = reply.parts
    await table.tell(WHATSAPP, _statuses(part, FAILED, of="m1"))
    await table.tell(WHATSAPP, _statuses(part, DELIVERED, of="m2"))
    assert await reply.delivery() is DELIVERED


async def test_a_status_of_what_was_about_to_be_sent_says_that_it_was(sql_store: SqlStore, table: StatusTable) -> None:
    reply = await _reply(sql_store)
    (part,) = reply.parts
    await sql_store.begin_sending(WHATSAPP, SentPart(reply.key, 0, begun_id(part)))
    assert (await table.tell(WHATSAPP, _statuses(part, SENT))).noted == 1
    assert await sql_store.unfinished_parts(WHATSAPP) == [SentPart(reply.key, 0, "m1")]


async def test_a_status_that_comes_before_the_note_is_kept_and_finds_the_reply(
    sql_store: SqlStore, table: StatusTable
) -> None:
    reply = await _reply(sql_store)
    (part,) = reply.parts
    assert (await table.tell(WHATSAPP, _statuses(part, DELIVERED))).noted == 1
    assert (await table.tell(WHATSAPP, _statuses(part, READ, DELIVERED))).noted == 0
    assert await sql_store.unfinished_parts(WHATSAPP) == [SentPart(reply.key, 0, "m1")]
    reply.noted(0, "m1")
    found = await sql_store.find(WHATSAPP, "m1")
    assert found is not None
    assert (found.message.message_id, found.message.delivery) == (reply.message_id, READ)


async def test_a_status_that_names_no_part_is_of_what_was_noted(sql_store: SqlStore, table: StatusTable) -> None:
    reply = await _reply(sql_store)
    reply.noted(0, "m1")
    told = await table.tell(WHATSAPP, [Status("m1", DELIVERED)])
    assert (told.followed, told.noted) == ((reply.shown(DELIVERED),), 0)


async def test_what_echo_did_not_send_leaves_nothing(sql_store: SqlStore, table: StatusTable, database: str) -> None:
    asked = await sql_store.accept(inbound(thread=CHAT))
    elsewhere = await _reply(sql_store)
    assert asked is not None
    strange = [Status("a", READ), Status("b", READ, ReplyPart(17, 0)), Status("c", READ, ReplyPart(asked.key, 0))]
    assert (await table.tell(WHATSAPP, strange)).unrelated == 3
    assert (await table.tell(Platform.DISCORD, _statuses(elsewhere.parts[0], READ))).unrelated == 1
    assert rows(database, "SELECT count(*) FROM sent_statuses") == [(0,)]
    assert rows(database, "SELECT count(*) FROM sent_parts") == [(0,)]


async def test_of_an_unknown_outcome_a_status_tells_the_message(
    sql_store: SqlStore, table: StatusTable, clock: FakeClock, database: str
) -> None:
    reply = await _reply(sql_store)
    (part,) = reply.parts
    reply.noted(0, unknown_id(part))
    assert await table.give_up(WHATSAPP, silent_since=clock.now() - TEN_MINUTES) == ()
    await table.tell(WHATSAPP, _statuses(part, SENT))
    assert await sql_store.unfinished_parts(WHATSAPP) == [SentPart(reply.key, 0, "m1")]
    clock.advance(seconds=601)
    assert await table.give_up(WHATSAPP, silent_since=clock.now() - TEN_MINUTES) == ()
    assert await reply.delivery() is SENT
    assert rows(database, "SELECT external_id FROM sent_statuses") == [("m1",)]


async def test_an_outcome_of_which_nothing_is_told_stays_unknown_until_something_is(
    sql_store: SqlStore, table: StatusTable, clock: FakeClock
) -> None:
    reply = await _reply(sql_store, parts=2)
    first, second = reply.parts
    await table.tell(WHATSAPP, _statuses(first, DELIVERED, of="m1"))
    reply.noted(1, unknown_id(second))
    await sql_store.unfinished_parts(WHATSAPP)
    clock.advance(seconds=601)
    assert await table.give_up(WHATSAPP, silent_since=clock.now() - TEN_MINUTES) == (reply.shown(Outcome.UNKNOWN),)
    assert await table.give_up(WHATSAPP, silent_since=clock.now() - TEN_MINUTES) == ()
    assert await reply.delivery() is Outcome.UNKNOWN
    # It still counts as sent: nothing is said twice.
    assert SentPart(reply.key, 1, unknown_id(second)) in await sql_store.unfinished_parts(WHATSAPP)
    await table.tell(WHATSAPP, _statuses(second, FAILED, of="m2"))
    assert await reply.delivery() is FAILED


async def test_each_part_is_waited_for_as_long(
    sql_store: SqlStore, table: StatusTable, clock: FakeClock, database: str
) -> None:
    reply = await _reply(sql_store, parts=2)
    reply.noted(0, unknown_id(reply.parts[0]))
    await sql_store.unfinished_parts(WHATSAPP)
    clock.advance(minutes=9)
    reply.noted(1, unknown_id(reply.parts[1]))
    await sql_store.unfinished_parts(WHATSAPP)
    clock.advance(minutes=2)
    await table.give_up(WHATSAPP, silent_since=clock.now() - TEN_MINUTES)
    assert rows(database, "SELECT part, status FROM sent_statuses ORDER BY part") == [(0, "unknown"), (1, "")]


async def test_a_status_that_overtakes_the_note_of_an_unknown_outcome_counts(
    sql_store: SqlStore, table: StatusTable, clock: FakeClock
) -> None:
    reply = await _reply(sql_store)
    (part,) = reply.parts
    await table.tell(WHATSAPP, _statuses(part, READ))
    reply.noted(0, unknown_id(part))
    await sql_store.unfinished_parts(WHATSAPP)
    clock.advance(seconds=601)
    assert await table.give_up(WHATSAPP, silent_since=clock.now() - TEN_MINUTES) == ()
    assert await reply.delivery() is READ
    assert await sql_store.unfinished_parts(WHATSAPP) == [SentPart(reply.key, 0, "m1")]


async def test_what_waits_for_a_status_is_dropped_with_its_reply(
    sql_store: SqlStore, table: StatusTable, clock: FakeClock, database: str
) -> None:
    # The event has no answer, as after a deletion.
    event = await sql_store.accept(inbound(thread=CHAT))
    assert event is not None
    sql_store.note_sent(WHATSAPP, SentPart(event.key, 0, unknown_id(ReplyPart(event.key, 0))))
    await sql_store.unfinished_parts(WHATSAPP)
    clock.advance(seconds=601)
    assert await table.give_up(WHATSAPP, silent_since=clock.now() - TEN_MINUTES) == ()
    assert rows(database, "SELECT count(*) FROM sent_statuses") == [(0,)]


async def test_a_deleted_conversation_takes_its_statuses_along(
    sql_store: SqlStore, table: StatusTable, database: str
) -> None:
    reply, other = await _reply(sql_store), await _reply(sql_store)
    await table.tell(WHATSAPP, _statuses(reply.parts[0], READ, of="m1"))
    await table.tell(WHATSAPP, _statuses(other.parts[0], READ, of="m2"))
    await sql_store.change(deletion_of(reply.conversation_id))
    assert rows(database, "SELECT external_id FROM sent_statuses") == [("m2",)]


async def test_an_archive_of_which_a_reply_arrives_is_behind(
    sql_store: SqlStore, table: StatusTable, database: str
) -> None:
    reply, other = await _reply(sql_store), await _reply(sql_store)
    for each in (reply, other):
        stored = await sql_store.load(each.conversation_id)
        assert stored is not None
        await ArchiveTable(sql_store).note_archived(archive_of(stored), seen=stored)
    await table.tell(WHATSAPP, _statuses(reply.parts[0], READ))
    behind = "SELECT conversation_id FROM archives WHERE sha256 = ''"
    assert rows(database, behind) == [(reply.conversation_id,)]


async def test_a_new_status_is_no_change_of_what_was_said(
    sql_store: SqlStore, table: StatusTable, database: str
) -> None:
    reply = await _reply(sql_store)
    revision = rows(database, "SELECT revision FROM search_progress")
    behind = f"SELECT changes FROM unwritten_transcripts WHERE conversation_id = {reply.conversation_id}"
    [(before,)] = rows(database, behind)
    await table.tell(WHATSAPP, _statuses(reply.parts[0], READ))
    assert rows(database, "SELECT revision FROM search_progress") == revision
    assert rows(database, behind) == [(before + 1,)]  # its transcript is behind all the same
    stored = await sql_store.load(reply.conversation_id)
    assert stored is not None
    deleted = replace(stored.messages[0], message_content="")
    await sql_store.correct(reply.conversation_id, deleted)
    assert rows(database, "SELECT revision FROM search_progress") == [(revision[0][0] + 1,)]


async def test_many_statuses_are_kept_at_once(sql_store: SqlStore, table: StatusTable) -> None:
    replies = [await _reply(sql_store) for _ in range(3)]
    strange = [Status(f"strange {number}", READ) for number in range(1_000)]
    ours = [Status(f"m{reply.key}", DELIVERED, reply.parts[0]) for reply in replies]
    told = await table.tell(WHATSAPP, [ours[0], *strange, *ours[1:], ours[0]])
    assert told.unrelated == 1_000
    assert {each.message_id for each in told.followed} == {reply.message_id for reply in replies}
