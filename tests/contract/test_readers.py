"""Who could be shown a conversation is known by where they look from, whatever the database."""

from datetime import timedelta

from source.adapters.storage.link_table import LinkTable
from source.adapters.storage.person_reading import PersonTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.profiles import Account
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import head, said

ADA = PersonRef("ada-7731", "Ada")
BOB = PersonRef("bob-1188", "Bob")
BOB_ELSEWHERE = PersonRef("4917", "Bob")


async def _talk(store: SqlStore, thread: ThreadRef, *people: PersonRef) -> int:
    conversation = head(thread=thread, requester=people[0].external_id)
    messages = tuple(said("Hello", by=person) for person in people)
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), people=people))
    return conversation.conversation_id


async def test_direct_conversations_on_all_accounts_of_who_took_part_in_a_direct_one(
    sql_store: SqlStore, clock: FakeClock
) -> None:
    team = await _talk(sql_store, ThreadRef(Platform.WEB, "team"), ADA, BOB)
    bobs = await _talk(sql_store, ThreadRef(Platform.WEB, "bobs"), BOB)
    elsewhere = await _talk(sql_store, ThreadRef(Platform.WHATSAPP, "dm"), BOB_ELSEWHERE)
    await _talk(sql_store, ThreadRef(Platform.DISCORD, "hall", "guild", "G"), BOB)
    reading = PersonTable(sql_store)
    assert await reading.readers_of([team]) == [bobs]
    links = LinkTable(sql_store)
    await links.put_code(Account(Platform.WEB, BOB), "code", clock.now() + timedelta(minutes=5))
    await links.join(Account(Platform.WHATSAPP, BOB_ELSEWHERE), "code")
    assert await reading.readers_of([team]) == sorted([bobs, elsewhere])


async def test_conversations_in_the_same_guild_of_who_took_part_in_one_there(sql_store: SqlStore) -> None:
    hall = await _talk(sql_store, ThreadRef(Platform.DISCORD, "hall", "guild", "G"), ADA, BOB)
    bobs = await _talk(sql_store, ThreadRef(Platform.DISCORD, "garden", "guild", "G"), BOB)
    await _talk(sql_store, ThreadRef(Platform.DISCORD, "foyer", "guild-2", "H"), BOB)
    await _talk(sql_store, ThreadRef(Platform.DISCORD, "dm"), BOB)
    assert await PersonTable(sql_store).readers_of([hall]) == [bobs]
