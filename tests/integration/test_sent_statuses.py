"""Statuses are followed wherever a conversation is: in memory, in its transcript, in the store."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.status_table import StatusTable
from source.domain.conversation_head import StoredConversation
from source.domain.errors import StoreUnavailableError
from source.domain.outcome import Outcome
from source.domain.thread import Platform, ThreadRef
from source.domain.transcript import decode_transcript
from source.domain.turn import SentPart, TurnRecord
from source.ports.sent import Followed, ReplyPart, Status, Told, unknown_id
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.sent_statuses import SentStatuses
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import head, inbound, said
from tests.fakes.transcripts import InMemoryTranscripts

WHATSAPP = Platform.WHATSAPP
CHAT = ThreadRef(WHATSAPP, "4711")
SENT, DELIVERED, READ, FAILED = Outcome.SENT, Outcome.DELIVERED, Outcome.READ, Outcome.FAILED


class CountedTable(StatusTable):
    """Counts what is written; while `is_away`, nothing is."""

    writes = 0
    is_away = False

    async def tell(self, platform: Platform, statuses: Sequence[Status]) -> Told:
        self.writes += 1
        if self.is_away:
            raise StoreUnavailableError("away")
        return await super().tell(platform, statuses)

    async def give_up(self, platform: Platform, *, silent_since: datetime) -> tuple[Followed, ...]:
        if self.is_away:
            raise StoreUnavailableError("away")
        return await super().give_up(platform, silent_since=silent_since)


class LoadingStore(SqlStore):
    """A store of which, while `is_away`, no conversation can be read."""

    is_away = False

    async def load(self, conversation_id: int) -> StoredConversation | None:
        if self.is_away:
            raise StoreUnavailableError("away")
        return await super().load(conversation_id)


class Desk:
    """A reply that was delivered on WhatsApp, and what follows its statuses."""

    def __init__(self, store: LoadingStore, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.files = InMemoryTranscripts()
        self.table = CountedTable(store)
        self.manager = InMemoryConversationManager(self.files, store=store, clock=clock, ids=store.ids)
        self.statuses = SentStatuses(self.table, store, self.manager, clock)

    async def reply(self) -> None:
        """Have a conversation in memory whose last message is a reply."""
        event = await self.store.accept(inbound(thread=CHAT))
        assert event is not None
        self.key, conversation = event.key, head(thread=CHAT)
        asked, self.answer = said(event_id=event.inbound.event_id), said("Hi", by=None, after=1)
        record = TurnRecord(conversation.conversation_id, (asked, self.answer), (conversation,), answered=(self.key,))
        await self.store.commit_turn(record)
        async with self.manager.turn(CHAT):
            self.conversation.mark_unwritten()
            self.manager.keep(self.conversation)
        await self.manager.write_transcripts()

    @property
    def conversation(self) -> Conversation:
        found = self.manager.get_conversation(CHAT.thread_id, platform=WHATSAPP)
        assert found is not None
        return found

    def leave_memory(self) -> None:
        assert self.manager.remove_conversation(CHAT.thread_id, platform=WHATSAPP)

    async def tell(self, outcome: Outcome, code: int | None = None) -> None:
        await self.statuses.tell(WHATSAPP, [Status("m1", outcome, ReplyPart(self.key, 0, 1), code)])

    @property
    def in_file(self) -> Outcome:
        ((name, content),) = self.files.files.items()
        return decode_transcript(content, name).messages[-1].delivery

    async def pass_time(self, **duration: float) -> None:
        """Let time pass, and everything be done that is due then."""
        self.clock.advance(**duration)
        for _ in range(5):
            await self.store.unfinished_parts(WHATSAPP)
        await self.manager.write_transcripts()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = FakeClock()
    store = await LoadingStore.open(tmp_path / "echo.db", clock=clock, durability="normal")
    assert isinstance(store, LoadingStore)
    desk = Desk(store, clock)
    await desk.reply()
    yield desk
    await desk.statuses.close()
    await desk.manager.shutdown()
    await store.close()


async def test_a_conversation_in_memory_follows_and_is_not_used_by_that(desk: Desk) -> None:
    used_at = desk.conversation.used_at
    desk.clock.advance(minutes=1)
    await desk.tell(DELIVERED)
    assert desk.conversation.history[-1].delivery is DELIVERED
    assert desk.conversation.used_at == used_at
    await desk.pass_time(seconds=2)
    assert desk.in_file is DELIVERED


async def test_a_repeat_writes_no_transcript(desk: Desk) -> None:
    await desk.tell(READ)
    await desk.pass_time(seconds=2)
    saves = desk.files.saves
    await desk.tell(DELIVERED)
    await desk.tell(READ)
    await desk.pass_time(seconds=20)
    assert (desk.files.saves, desk.in_file) == (saves, READ)


async def test_what_left_memory_is_written_once_for_several_statuses(desk: Desk) -> None:
    desk.leave_memory()
    saves = desk.files.saves
    await desk.tell(SENT)
    await desk.tell(READ)
    assert not desk.manager.is_conversation_thread(CHAT.thread_id, platform=WHATSAPP)
    await desk.pass_time(seconds=11)
    assert (desk.files.saves, desk.in_file) == (saves + 1, READ)
    assert not desk.manager.is_conversation_thread(CHAT.thread_id, platform=WHATSAPP)


async def test_what_cannot_be_read_now_is_written_later(desk: Desk) -> None:
    desk.leave_memory()
    desk.store.is_away = True
    await desk.tell(READ)
    await desk.pass_time(seconds=11)
    assert desk.in_file is Outcome.UNTOLD
    desk.store.is_away = False
    await desk.pass_time(seconds=11)
    assert desk.in_file is READ


async def test_what_comes_into_memory_as_it_was_before_follows_all_the_same(desk: Desk) -> None:
    before = await desk.store.load(desk.conversation.conversation_id)
    desk.leave_memory()
    await desk.tell(DELIVERED)
    # Read before the status was written, kept after that.
    assert before is not None
    desk.manager.keep(Conversation.loaded(before, desk.store.ids))
    await desk.pass_time(seconds=11)
    assert desk.conversation.history[-1].delivery is DELIVERED


async def test_an_older_status_that_waited_does_not_undo_a_newer_one(desk: Desk) -> None:
    desk.leave_memory()
    await desk.tell(DELIVERED)
    async with desk.manager.turn(CHAT):
        pass
    await desk.tell(READ)
    await desk.pass_time(seconds=11)
    assert desk.conversation.history[-1].delivery is READ


async def test_statuses_that_come_together_are_one_write(desk: Desk) -> None:
    await asyncio.gather(*(desk.tell(each) for each in (READ, SENT, DELIVERED)))
    assert (desk.table.writes, desk.conversation.history[-1].delivery) == (1, READ)
    await desk.statuses.tell(WHATSAPP, [])
    assert desk.table.writes == 1


async def test_what_could_not_be_kept_is_told_to_all_and_can_be_told_again(desk: Desk) -> None:
    desk.table.is_away = True
    results = await asyncio.gather(desk.tell(SENT), desk.tell(READ), return_exceptions=True)
    assert [type(each) for each in results] == [StoreUnavailableError] * 2
    desk.table.is_away = False
    await desk.tell(READ)
    assert desk.conversation.history[-1].delivery is READ


async def test_a_failure_is_logged_once_and_handed_on_before_it_is_acknowledged(desk: Desk) -> None:
    told: list[tuple[int, int, int | None]] = []

    async def on_failed(key: int, part: int, code: int | None) -> None:
        told.append((key, part, code))

    desk.statuses.failures_go_to(on_failed)
    with capture_logs() as logs:
        await desk.tell(FAILED, 131047)
        assert told == [(desk.key, 0, 131047)]
        await desk.tell(FAILED, 131047)
        assert told == [(desk.key, 0, 131047)] * 2  # what was not acknowledged comes again, and so does this
        desk.store.note_sent(WHATSAPP, SentPart(desk.key, 0, "m2"))
        await desk.tell(FAILED, 131047)
    assert len(told) == 2
    warned = [each for each in logs if each["event"] == "message_failed"]
    assert [(each["key"], each["part"], each["code"]) for each in warned] == [(desk.key, 0, 131047)]
    assert desk.conversation.history[-1].delivery is FAILED


async def test_what_nobody_tells_of_is_given_up_after_ten_minutes(desk: Desk) -> None:
    part = ReplyPart(desk.key, 0, 1)
    desk.store.note_sent(WHATSAPP, SentPart(desk.key, 0, unknown_id(part)))
    desk.table.is_away = True
    watching = asyncio.create_task(desk.statuses.watch(WHATSAPP))
    await desk.pass_time(seconds=0)
    await desk.pass_time(minutes=9)
    desk.table.is_away = False
    with capture_logs() as logs:
        for _ in range(3):
            await desk.pass_time(minutes=1)
    watching.cancel()
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["delivery_stays_unknown"]
    assert desk.conversation.history[-1].delivery is Outcome.UNKNOWN
    assert desk.in_file is Outcome.UNKNOWN


async def test_the_end_writes_what_waits_and_takes_nothing_more(desk: Desk) -> None:
    desk.leave_memory()
    await desk.tell(READ)
    await desk.statuses.close()
    await desk.manager.shutdown()
    assert desk.in_file is READ
    with pytest.raises(StoreUnavailableError):
        await desk.tell(READ)
