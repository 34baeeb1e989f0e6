"""Whoever waits to be forgotten stays who they are until that is done, whatever the database."""

import pytest

from source.adapters.storage.link_table import LinkTable
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.person_deletion import PersonDeletion
from source.adapters.storage.person_reading import PersonTable
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import StoreConflictError
from source.domain.privacy import Receipt, ReceiptKind, ReceiptState, SeenFrom, Subject
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.people import PeopleQuery
from source.ports.profiles import Account, Joined, Joining
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import inbound

ANN = Account(Platform.DISCORD, PersonRef("ann", "Ann"))
ANNA = Account(Platform.WHATSAPP, PersonRef("4917", "Anna"))
HERE = SeenFrom(Platform.DISCORD, "ann", "guild", None)


class Wishes:
    """A store with two people, whose accounts may be linked and who may wish to be forgotten."""

    def __init__(self, store: SqlStore, clock: FakeClock) -> None:
        self._clock = clock
        self.store = store
        self.links = LinkTable(store)
        self.receipts = ReceiptTable(store)

    async def meet(self) -> None:
        for account in (ANN, ANNA):
            thread = ThreadRef(account.platform, f"dm-{account.person.external_id}")
            await self.store.accept(inbound("Hello", thread=thread, person=account.person))

    async def person(self, account: Account) -> int:
        who = await PersonTable(self.store).known_as(account.platform, account.person.external_id)
        assert who is not None
        return who.person_id

    async def wish(self, account: Account, place: SeenFrom | None = None) -> Receipt:
        subject = Subject(await self.person(account), place)
        return await self.receipts.add_receipt(ReceiptKind.FORGET, subject=subject, requested_by="person")

    async def give_code(self) -> None:
        await self.links.put_code(ANN, "code", self._clock.now().replace(year=2099))

    async def names(self) -> list[set[str]]:
        people = await PeopleTable(self.store).people(PeopleQuery())
        return [{alias.external_id for alias in person.aliases} for person in people]


@pytest.fixture
async def wishes(sql_store: SqlStore, clock: FakeClock) -> Wishes:
    made = Wishes(sql_store, clock)
    await made.meet()
    return made


@pytest.mark.parametrize("who", [ANN, ANNA], ids=["gave the code", "types it"])
@pytest.mark.parametrize("place", [None, HERE], ids=["everywhere", "here"])
async def test_whoever_waits_to_be_forgotten_is_not_linked_and_may_be_once_that_is_done(
    wishes: Wishes, who: Account, place: SeenFrom | None
) -> None:
    await wishes.give_code()
    receipt = await wishes.wish(who, place)
    with pytest.raises(StoreConflictError):
        await wishes.links.join(ANNA, "code")
    assert await wishes.names() == [{"ann"}, {"4917"}]
    await wishes.receipts.finish_receipt(receipt.receipt_id, {}, action="forget")
    assert await wishes.links.join(ANNA, "code") == Joined(Joining.JOINED, Platform.DISCORD)


async def test_operators_do_not_merge_whoever_waits_to_be_forgotten(wishes: Wishes) -> None:
    ann, anna = await wishes.person(ANN), await wishes.person(ANNA)
    await wishes.wish(ANN)
    for kept, gone in ((ann, anna), (anna, ann)):
        with pytest.raises(StoreConflictError):
            await wishes.links.merge(kept, gone)
    assert await wishes.names() == [{"ann"}, {"4917"}]


async def test_no_account_leaves_whoever_waits_to_be_forgotten(wishes: Wishes) -> None:
    await wishes.give_code()
    await wishes.links.join(ANNA, "code")
    await wishes.wish(ANN)
    with pytest.raises(StoreConflictError):
        await wishes.links.leave(Platform.WHATSAPP, "4917")
    assert await wishes.names() == [{"ann", "4917"}]


async def test_a_wish_for_somebody_who_became_another_meanwhile_is_not_taken(wishes: Wishes) -> None:
    gone = Subject(await wishes.person(ANNA))
    await wishes.give_code()
    await wishes.links.join(ANNA, "code")
    with pytest.raises(StoreConflictError):
        await wishes.receipts.add_receipt(ReceiptKind.FORGET, subject=gone, requested_by="person")


async def test_the_receipt_says_that_somebody_is_gone_in_the_moment_in_which_they_are(wishes: Wishes) -> None:
    who = await PersonTable(wishes.store).known_as(ANN.platform, ANN.person.external_id)
    assert who is not None
    other = await wishes.wish(ANNA)
    receipt = await wishes.wish(ANN)
    await PersonDeletion(wishes.store).forget_rows(who, None, receipt.receipt_id)
    states = {each.receipt_id: each.state for each in await wishes.receipts.unfinished_receipts()}
    assert states == {other.receipt_id: ReceiptState.UNDER_WAY, receipt.receipt_id: ReceiptState.FORGOTTEN}
