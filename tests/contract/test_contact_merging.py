"""Nothing is lost of a contact that turns out to be another one, whatever the database."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from source.adapters.storage.attendance_table import AttendanceTable
from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.early_table import EarlyTable
from source.adapters.storage.history_table import HistoryTable
from source.adapters.storage.link_table import LinkTable
from source.adapters.storage.parked_table import note_written
from source.adapters.storage.parked_tables import last_written
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.sync_table import SyncTable
from source.domain.attendance import Attendance, Mode
from source.domain.errors import StoreConflictError
from source.domain.privacy import ReceiptKind, Subject
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage, TurnRecord
from source.ports.early import EarlyCorrection
from source.ports.history import PastMessage
from source.ports.metadata import SyncState, SyncStatus
from source.ports.people import PeopleQuery
from source.ports.store import Scope
from source.ports.webhooks import Merge, Wrote
from tests.fakes.store_samples import NOW, head, said

WHATSAPP = Platform.WHATSAPP
PHONE, USER = "phone:4915112345678", "user:DE.Ab1"


class Two:
    """Two contacts that have just turned out to be one."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.table = ContactTable(store)
        self.merge = Merge(0, 0)

    async def meet(self) -> None:
        kept = await self.table.met(WHATSAPP, [PHONE], "Ada")
        gone = await self.table.met(WHATSAPP, [USER], "ada.l")
        self.merge = Merge(gone.contact_id, kept.contact_id)

    async def turn_out_to_be_one(self) -> None:
        together = await self.table.met(WHATSAPP, [USER, PHONE], None)
        assert (together.contact_id, together.absorbed) == (self.merge.kept, (self.merge.gone,))

    async def move(self) -> list[int]:
        return await self.table.move(WHATSAPP, self.merge)

    def thread(self, contact_id: int) -> ThreadRef:
        return ThreadRef(WHATSAPP, str(contact_id))

    async def talk(self, contact_id: int, text: str, *, after: float = 0, is_active: bool = True) -> int:
        """Have one say something that is answered."""
        person = PersonRef(str(contact_id), f"contact {contact_id}")
        conversation = head(thread=self.thread(contact_id), requester=person.external_id, is_active=is_active)
        messages = (said(text, by=person, after=after), said(f"You said: {text}", by=None, after=after))
        record = TurnRecord(conversation.conversation_id, messages, (conversation,), people=(person,))
        await self.store.commit_turn(record)
        return conversation.conversation_id

    async def write(self, contact_id: int, text: str) -> None:
        """Have one say something that waits for its answer."""
        person = PersonRef(str(contact_id), "Ada")
        inbound = InboundMessage(f"{contact_id} {text}", self.thread(contact_id), person, text, NOW)
        assert await self.store.accept(inbound)

    async def conversations(self, contact_id: int) -> set[int]:
        listed = await self.store.listing(thread=self.thread(contact_id).key)
        return {each.conversation_id for each in listed}

    async def accounts(self) -> list[set[str]]:
        people = await PeopleTable(self.store).people(PeopleQuery())
        return [{alias.external_id for alias in person.aliases} for person in people]


@pytest.fixture
async def two(sql_store: SqlStore) -> Two:
    two = Two(sql_store)
    await two.meet()
    return two


async def test_conversations_of_both_are_in_one_thread_and_the_latest_goes_on(two: Two) -> None:
    earlier = await two.talk(two.merge.kept, "my boat is called Aurora")
    later = await two.talk(two.merge.gone, "it has two masts", after=60)
    await two.turn_out_to_be_one()
    assert await two.move() == sorted([earlier, later])
    assert await two.conversations(two.merge.kept) == {earlier, later}
    assert await two.conversations(two.merge.gone) == set()
    running = await two.store.active(two.thread(two.merge.kept).key)
    assert running is not None
    assert (running.head.conversation_id, running.head.thread) == (later, two.thread(two.merge.kept))


async def test_what_was_said_by_either_is_found_by_the_one_that_they_are(two: Two) -> None:
    await two.talk(two.merge.gone, "my boat is called Aurora")
    await two.talk(two.merge.kept, "a boat without a name", is_active=False)
    await two.turn_out_to_be_one()
    await two.move()
    assert await two.accounts() == [{str(two.merge.kept), str(two.merge.gone)}]
    hits = await two.store.search("boat", scope=Scope(WHATSAPP, str(two.merge.kept), None))
    assert len({hit.conversation_id for hit in hits}) == 2


async def test_who_has_not_written_under_the_kept_one_is_the_same_person_at_once(two: Two) -> None:
    await two.talk(two.merge.gone, "my boat is called Aurora")
    await two.turn_out_to_be_one()
    await two.move()
    await two.talk(two.merge.kept, "Hello again", is_active=False)
    assert await two.accounts() == [{str(two.merge.kept), str(two.merge.gone)}]


async def test_what_waits_for_an_answer_waits_in_the_thread_that_is_kept(two: Two) -> None:
    await two.write(two.merge.gone, "Hello?")
    await two.turn_out_to_be_one()
    await two.move()
    (waiting,) = await two.store.unanswered(platform=WHATSAPP)
    assert (waiting.inbound.thread, waiting.inbound.text) == (two.thread(two.merge.kept), "Hello?")


async def test_moved_again_it_moves_what_came_since(two: Two) -> None:
    await two.talk(two.merge.gone, "one")
    await two.turn_out_to_be_one()
    await two.move()
    assert await two.move() == []
    late = await two.talk(two.merge.gone, "two", after=120)
    assert late in await two.move()
    assert len(await two.conversations(two.merge.kept)) == 2


async def test_it_is_done_until_somebody_says_so(two: Two) -> None:
    await two.turn_out_to_be_one()
    await two.move()
    assert await two.table.unsettled(WHATSAPP) == [two.merge]
    await two.table.settle(two.merge)
    assert await two.table.unsettled(WHATSAPP) == []
    assert await two.table.merges(WHATSAPP) == [two.merge]


async def test_what_is_kept_of_the_thread_goes_along_once(two: Two) -> None:
    for contact_id, found in ((two.merge.kept, 1), (two.merge.gone, 2)):
        await two.talk(contact_id, "Hello")
        await SyncTable(two.store).note_synced(
            SyncState(two.thread(contact_id), SyncStatus.OK, NOW, messages_found=found)
        )
    await two.turn_out_to_be_one()
    await two.move()
    states = await SyncTable(two.store).sync_states()
    assert [(state.thread.thread_id, state.messages_found) for state in states] == [(str(two.merge.kept), 1)]


async def test_what_has_not_come_to_a_conversation_yet_goes_along(two: Two) -> None:
    past, early = PastMessage("1", NOW, "Hello"), EarlyCorrection("2", two.merge.gone, "Hello", NOW)
    await HistoryTable(two.store).put_past(WHATSAPP, two.merge.gone, [past])
    await EarlyTable(two.store).put_early(WHATSAPP, early)
    await two.turn_out_to_be_one()
    await two.move()
    later = NOW + timedelta(days=1)
    assert await HistoryTable(two.store).past_of(WHATSAPP, two.merge.kept, before=later) == [past]
    assert [each.contact_id for each in await EarlyTable(two.store).early(WHATSAPP)] == [two.merge.kept]


async def test_it_is_known_when_the_one_that_they_are_wrote_last(two: Two) -> None:
    wrote = [Wrote(two.merge.gone, NOW + timedelta(hours=1)), Wrote(two.merge.kept, NOW)]
    await two.store.change(lambda connection, _now: note_written(connection, WHATSAPP, wrote))
    await two.turn_out_to_be_one()
    await two.move()
    rows = await two.store.read(lambda connection: connection.execute(select(last_written)).all())
    assert [(row.contact_id, row.wrote_at) for row in rows] == [(two.merge.kept, NOW + timedelta(hours=1))]


async def test_who_wants_nothing_unasked_still_wants_nothing(two: Two) -> None:
    wishes = AttendanceTable(two.store)
    await wishes.stop(WHATSAPP, str(two.merge.gone))
    await two.turn_out_to_be_one()
    await two.move()
    assert await wishes.stopped_at(WHATSAPP, str(two.merge.kept)) is not None


async def test_where_a_person_answers_one_still_does(two: Two) -> None:
    await two.talk(two.merge.gone, "Hello")
    human = Attendance(Mode.HUMAN, NOW + timedelta(hours=1), NOW, "person")
    await AttendanceTable(two.store).attend(two.thread(two.merge.gone).key, human)
    await two.turn_out_to_be_one()
    await two.move()
    (attended,) = await AttendanceTable(two.store).attended()
    assert attended.thread == two.thread(two.merge.kept).key


async def test_nobody_merges_who_is_being_forgotten(two: Two) -> None:
    conversation = await two.talk(two.merge.gone, "my boat is called Aurora")
    (person,) = await PeopleTable(two.store).people(PeopleQuery())
    await two.turn_out_to_be_one()
    subject = Subject(person.person_id)
    await ReceiptTable(two.store).add_receipt(ReceiptKind.FORGET, subject=subject, requested_by="test")
    with pytest.raises(StoreConflictError):
        await two.move()
    assert await two.conversations(two.merge.gone) == {conversation}


async def test_who_leaves_a_linked_account_takes_along_what_they_were_before(two: Two) -> None:
    await two.talk(two.merge.kept, "Hello")
    await two.talk(two.merge.gone, "my boat is called Aurora")
    await two.turn_out_to_be_one()
    await two.move()
    assert not await LinkTable(two.store).leave(WHATSAPP, str(two.merge.kept))
    await two.talk(4711, "on another platform", is_active=False)
    people = await PeopleTable(two.store).people(PeopleQuery())
    assert await LinkTable(two.store).merge(people[0].person_id, people[1].person_id)
    assert await LinkTable(two.store).leave(WHATSAPP, str(two.merge.kept))
    assert sorted(await two.accounts(), key=len) == [{"4711"}, {str(two.merge.kept), str(two.merge.gone)}]
