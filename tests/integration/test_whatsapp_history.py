"""What the business's own app tells of the time before Echo becomes conversations, and is never answered."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.history_table import HistoryTable
from source.adapters.storage.sync_table import SyncTable
from source.domain.conversation_head import CreatedReason, StoredConversation
from source.domain.message import OF_BUSINESS
from source.ports.metadata import SyncStatus
from tests.fakes.graph_coexistence import OwnersPhone, Past
from tests.fakes.graph_items import Item
from tests.fakes.graph_people import Person
from tests.fakes.running_echo import database_rows, transcripts_in
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo

DAY = timedelta(days=1)


@pytest.fixture
async def whatsapp(tmp_path: Path) -> AsyncIterator[WhatsAppEcho]:
    async with whatsapp_echo(tmp_path) as made:
        yield made


@pytest.fixture
def owner(whatsapp: WhatsAppEcho) -> OwnersPhone:
    return OwnersPhone(whatsapp.graph.world)


def told(whatsapp: WhatsAppEcho, *texts: str, days_ago: float = 10) -> list[Past]:
    """A dialogue in which the business answers everything, a minute after it was said."""
    first = whatsapp.clock.now() - days_ago * DAY
    asked = [Past(first + timedelta(hours=number), text) for number, text in enumerate(texts)]
    answers = [Past(each.at + timedelta(minutes=1), f"About {each.text}: yes", from_owner=True) for each in asked]
    return sorted([*asked, *answers], key=lambda each: each.at)


async def imported(whatsapp: WhatsAppEcho) -> list[StoredConversation]:
    """Let so much time pass that nothing waits, and return the conversations that were made."""
    table = HistoryTable(whatsapp.echo.store)
    await whatsapp.seen_to()
    async with asyncio.timeout(20):
        while sum([state.messages_waiting for state in await table.states()]):
            whatsapp.clock.advance(seconds=31)
            await asyncio.sleep(0.01)
    return [each for each in await whatsapp.conversations() if each.head.created_reason is CreatedReason.IMPORT]


async def brought(whatsapp: WhatsAppEcho, items: Sequence[Item]) -> None:
    for item in items:
        await whatsapp.brings(item)


async def test_what_was_said_is_in_conversations_with_who_said_it(
    whatsapp: WhatsAppEcho, owner: OwnersPhone, tmp_path: Path
) -> None:
    ada = whatsapp.graph.people.add("Ada")
    await whatsapp.says(ada, "Hello")
    await brought(whatsapp, owner.history({ada: told(whatsapp, "tea", "cake")}))
    (conversation,) = await imported(whatsapp)
    (thread,) = await whatsapp.threads()
    said = [(each.message_content, each.requester) for each in conversation.messages]
    assert said == [
        ("tea", thread.thread_id),
        ("About tea: yes", OF_BUSINESS),
        ("cake", thread.thread_id),
        ("About cake: yes", OF_BUSINESS),
    ]
    assert conversation.head.requester == thread.thread_id
    assert (len(ada.received), len(whatsapp.model.prompts)) == (1, 1)
    await whatsapp.echo.manager.write_transcripts()
    assert len(transcripts_in(tmp_path)) == 2


async def test_five_thousand_messages_in_shuffled_and_repeated_chunks_are_there_once_in_order(
    whatsapp: WhatsAppEcho, owner: OwnersPhone
) -> None:
    people = [whatsapp.graph.people.add(f"Person {number}") for number in range(10)]
    threads = {person: _long_past(whatsapp, number) for number, person in enumerate(people)}
    chunks = owner.history(threads, per_chunk=500)
    assert sum(map(len, threads.values())) == 5_000
    everything = [*chunks, *chunks[:4]]
    random.Random(5).shuffle(everything)
    await asyncio.gather(*(whatsapp.brings(chunk) for chunk in everything))
    made = await imported(whatsapp)
    assert sum(len(each.messages) for each in made) == 5_000
    assert len(made) == 10 * 5
    for conversation in made:
        times = [each.created_at for each in conversation.messages]
        assert times == sorted(times)
        assert len({each.message_content.split()[0] for each in conversation.messages}) == 1
    assert whatsapp.model.prompts == []


async def test_what_echo_heard_itself_is_not_told_twice(whatsapp: WhatsAppEcho, owner: OwnersPhone) -> None:
    ada = whatsapp.graph.people.add("Ada")
    live = whatsapp.phone(ada).text("tea")
    await whatsapp.brings(live)
    answer = (await whatsapp.graph.answers(ada))[-1]
    whatsapp.clock.advance(hours=1)
    now = whatsapp.clock.now() - timedelta(hours=1)
    same = [Past(now, "tea", id=live.id), Past(now, answer.text, from_owner=True, id=answer.id)]
    await brought(whatsapp, owner.history({ada: same}))
    assert await imported(whatsapp) == []
    assert await whatsapp.said() == ["tea"]


async def test_what_was_just_said_is_left_to_come_by_itself(whatsapp: WhatsAppEcho, owner: OwnersPhone) -> None:
    ada = whatsapp.graph.people.add("Ada")
    live = whatsapp.phone(ada).text("tea")
    await brought(whatsapp, owner.history({ada: [Past(whatsapp.clock.now(), "tea", id=live.id)]}))
    await whatsapp.seen_to()
    whatsapp.clock.advance(seconds=60)
    await whatsapp.brings(live)
    await whatsapp.graph.answers(ada)
    assert await imported(whatsapp) == []
    assert await whatsapp.said() == ["tea"]


async def test_a_placeholder_is_told_as_what_it_stands_for(whatsapp: WhatsAppEcho, owner: OwnersPhone) -> None:
    ada = whatsapp.graph.people.add("Ada")
    at = whatsapp.clock.now() - 2 * DAY
    early, late = (Past(at, "our boat", kind="media_placeholder", id=f"wamid.{number}") for number in (1, 2))
    await brought(whatsapp, owner.history({ada: [early, late]}))
    await whatsapp.brings(owner.history_file(ada, early, b"picture"))
    (conversation,) = await imported(whatsapp)
    assert [each.message_content for each in conversation.messages] == ["[image] our boat", "[file]"]
    await whatsapp.brings(owner.history_file(ada, late, b"picture"))
    (conversation,) = await imported(whatsapp)
    assert [each.message_content for each in conversation.messages] == ["[image] our boat", "[image] our boat"]


async def test_what_was_taken_back_or_edited_before_it_was_told_is_told_so(
    whatsapp: WhatsAppEcho, owner: OwnersPhone
) -> None:
    ada = whatsapp.graph.people.add("Ada")
    at, phone = whatsapp.clock.now() - 2 * DAY, whatsapp.phone(ada)
    past = [Past(at, "My number is 4711", id="wamid.1"), Past(at, "tee", id="wamid.2"), Past(at, "cake", id="wamid.3")]
    await whatsapp.brings(phone.revokes("wamid.1"), phone.edits("wamid.2", "tea"))
    await whatsapp.seen_to()
    await brought(whatsapp, owner.history({ada: past}))
    (conversation,) = await imported(whatsapp)
    assert [each.message_content for each in conversation.messages] == ["tea", "cake"]


async def test_how_far_it_has_come_is_told_and_never_goes_back(whatsapp: WhatsAppEcho, owner: OwnersPhone) -> None:
    ada = whatsapp.graph.people.add("Ada")
    first, second = owner.history({ada: told(whatsapp, "tea", "cake")}, per_chunk=2)
    table = HistoryTable(whatsapp.echo.store)
    await brought(whatsapp, [second, first])
    (state,) = await table.states()
    assert (state.progress, state.error) == (100, None)
    await imported(whatsapp)
    (state,) = await table.states()
    assert state.messages_waiting == 0
    (synced,) = await SyncTable(whatsapp.echo.store).sync_states()
    assert (synced.status, synced.messages_found) == (SyncStatus.OK, 4)


async def test_a_history_that_is_not_shared_says_so(whatsapp: WhatsAppEcho, owner: OwnersPhone) -> None:
    await whatsapp.brings(owner.declines_history())
    (state,) = await HistoryTable(whatsapp.echo.store).states()
    assert (state.progress, "turned off" in (state.error or "")) == (0, True)


async def test_nothing_that_waits_holds_a_number(whatsapp: WhatsAppEcho, owner: OwnersPhone, tmp_path: Path) -> None:
    ada = whatsapp.graph.people.add("Ada", phone="4915112345678")
    await brought(whatsapp, owner.history({ada: told(whatsapp, "tea")}))
    for table in ("webhook_deliveries", "history_messages"):
        rows = str(database_rows(tmp_path, f"SELECT * FROM {table}"))
        assert "4915112345678" not in rows
        assert "wamid" not in rows


async def test_what_waits_is_imported_after_a_restart(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as whatsapp:
        ada = whatsapp.graph.people.add("Ada")
        past: Mapping[Person, Sequence[Past]] = {ada: told(whatsapp, "tea")}
        await brought(whatsapp, OwnersPhone(whatsapp.graph.world).history(past))
    async with whatsapp_echo(tmp_path, graph=whatsapp.graph) as whatsapp:
        (conversation,) = await imported(whatsapp)
        assert len(conversation.messages) == 2


async def test_names_of_the_address_book_are_for_those_who_have_written(
    whatsapp: WhatsAppEcho, owner: OwnersPhone, tmp_path: Path
) -> None:
    nameless = whatsapp.graph.people.add("", user_id=None)
    stranger = whatsapp.graph.people.add("Stranger")
    await whatsapp.says(nameless, "Hello")
    await whatsapp.brings(owner.saves_contact(nameless, "Ada from the bakery"), owner.saves_contact(stranger, "Ben"))
    await whatsapp.brings(owner.saves_contact(nameless, "Ada", action="remove"))
    await whatsapp.seen_to()
    await whatsapp.says(nameless, "Hello again")
    assert database_rows(tmp_path, "SELECT name FROM contacts") == [("Ada from the bakery",)]


def _long_past(whatsapp: WhatsAppEcho, person: int) -> list[Past]:
    """Five dialogues of a hundred messages, days apart."""
    first = whatsapp.clock.now() - 120 * DAY
    return [
        Past(
            first + dialogue * 20 * DAY + timedelta(minutes=number),
            f"{person}-{dialogue} message {number}",
            from_owner=number % 2 == 1,
        )
        for dialogue in range(5)
        for number in range(100)
    ]
