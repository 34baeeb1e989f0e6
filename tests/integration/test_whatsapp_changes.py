"""What people change afterwards is followed, in whichever order it comes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.graph_items import Item
from tests.fakes.graph_people import Person
from tests.fakes.running_echo import database_rows
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo


@pytest.fixture
async def whatsapp(tmp_path: Path) -> AsyncIterator[WhatsAppEcho]:
    async with whatsapp_echo(tmp_path) as made:
        yield made


@pytest.fixture
def ada(whatsapp: WhatsAppEcho) -> Person:
    return whatsapp.graph.people.add("Ada")


def as_of(item: Item, seconds: int) -> Item:
    """Return it as written so many seconds later."""
    return replace(item, value={**item.value, "timestamp": str(int(item.value["timestamp"]) + seconds)})


async def brought(whatsapp: WhatsAppEcho, items: Sequence[Item]) -> None:
    for item in items:
        await whatsapp.brings(item)


async def test_an_edit_that_comes_first_is_how_the_message_reads(whatsapp: WhatsAppEcho, ada: Person) -> None:
    phone = whatsapp.phone(ada)
    written = phone.text("My boat is called Aurra")
    await brought(whatsapp, [phone.edits(written.id, "My boat is called Aurora"), written])
    await whatsapp.graph.answers(ada)
    assert await whatsapp.said() == ["My boat is called Aurora"]


async def test_of_edits_that_come_first_the_last_counts(whatsapp: WhatsAppEcho, ada: Person) -> None:
    phone = whatsapp.phone(ada)
    written = phone.text("one")
    later, earlier = as_of(phone.edits(written.id, "three"), 5), phone.edits(written.id, "two")
    await brought(whatsapp, [later, earlier, written])
    await whatsapp.graph.answers(ada)
    assert await whatsapp.said() == ["three"]


async def test_what_was_taken_back_before_it_came_is_never_answered_nor_kept(
    whatsapp: WhatsAppEcho, ada: Person, tmp_path: Path
) -> None:
    phone = whatsapp.phone(ada)
    written = phone.text("My number is 4711")
    await brought(whatsapp, [phone.revokes(written.id), phone.edits(written.id, "My number is 4712"), written])
    await whatsapp.says(ada, "Hello")
    assert await whatsapp.said() == ["Hello"]
    assert len(ada.received) == 1
    assert database_rows(tmp_path, "SELECT count(*) FROM webhook_deliveries WHERE payload LIKE '%471%'") == [(0,)]


async def test_what_came_too_early_is_known_after_a_restart(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as whatsapp:
        ada = whatsapp.graph.people.add("Ada")
        written = whatsapp.phone(ada).text("My boat is called Aurra")
        await whatsapp.brings(whatsapp.phone(ada).edits(written.id, "My boat is called Aurora"))
    async with whatsapp_echo(tmp_path, graph=whatsapp.graph) as whatsapp:
        await whatsapp.brings(written)
        await whatsapp.graph.answers(ada)
        assert await whatsapp.said() == ["My boat is called Aurora"]


async def test_a_message_and_its_edits_in_one_webhook_are_answered_as_it_reads_then(
    whatsapp: WhatsAppEcho, ada: Person
) -> None:
    phone = whatsapp.phone(ada)
    written = phone.text("one")
    await whatsapp.brings(phone.edits(written.id, "two"), written)
    await whatsapp.graph.answers(ada)
    assert await whatsapp.said() == ["two"]


async def test_an_edit_of_what_still_waits_is_answered_and_an_older_one_that_is_late_changes_nothing(
    tmp_path: Path,
) -> None:
    async with whatsapp_echo(tmp_path, whatsapp_burst_seconds=5) as whatsapp:
        ada = whatsapp.graph.people.add("Ada")
        phone = whatsapp.phone(ada)
        written = phone.text("one")
        await brought(whatsapp, [written, as_of(phone.edits(written.id, "three"), 2), phone.edits(written.id, "two")])
        await whatsapp.seen_to()
        assert ada.received == []
        whatsapp.clock.advance(seconds=6)
        await whatsapp.graph.answers(ada)
        assert await whatsapp.said() == ["three"]
        assert len(whatsapp.model.prompts) == 1
