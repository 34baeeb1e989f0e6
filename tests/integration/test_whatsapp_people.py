"""Who writes is who they were, whatever Meta calls them now."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.adapters.storage.contact_table import ContactTable
from source.domain.profile import ProfileSource
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.store import Scope
from tests.fakes.channel import FakeChannel
from tests.fakes.graph_people import Contact
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import Talk, database_rows, eventually, transcripts_in
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo

NEW_PHONE = "4915187654321"


@pytest.fixture
async def whatsapp(tmp_path: Path) -> AsyncIterator[WhatsAppEcho]:
    async with whatsapp_echo(tmp_path) as made:
        yield made


async def test_who_changes_their_number_goes_on_in_the_same_conversation(whatsapp: WhatsAppEcho) -> None:
    ada = whatsapp.graph.people.add("Ada")
    await whatsapp.says(ada, "My boat is called Aurora")
    old = whatsapp.phone(ada).text("from the old number")
    await whatsapp.brings(whatsapp.phone(ada).changes_number(NEW_PHONE))
    await whatsapp.says(ada, "It has two masts")
    await whatsapp.brings(old)
    await whatsapp.graph.answers(ada, 3)
    assert await whatsapp.said() == ["My boat is called Aurora", "It has two masts", "from the old number"]
    assert len(await whatsapp.conversations()) == 1


@pytest.mark.parametrize("is_known_by_id", [True, False])
async def test_who_gets_a_number_that_was_given_up_sees_nothing_of_who_had_it(
    whatsapp: WhatsAppEcho, *, is_known_by_id: bool
) -> None:
    ada = whatsapp.graph.people.add("Ada", phone="4915112345678", user_id="DE.Ada" if is_known_by_id else None)
    await whatsapp.says(ada, "My boat is called Aurora")
    await whatsapp.brings(whatsapp.phone(ada).changes_number(NEW_PHONE))
    whatsapp.clock.advance(seconds=60)
    ben = whatsapp.graph.people.add("Ben", phone="4915112345678", user_id="DE.Ben" if is_known_by_id else None)
    await whatsapp.says(ben, "Hello")
    assert len(await whatsapp.threads()) == 2
    assert "Aurora" not in str(whatsapp.model.prompts[-1])


async def test_whose_number_is_withheld_is_the_same_after_a_change_of_their_id(whatsapp: WhatsAppEcho) -> None:
    eve = whatsapp.graph.people.add("Eve", username="eve", shows_phone=False, user_id="DE." + "A1b2" * 32)
    first = await whatsapp.says(eve, "My boat is called Aurora")
    assert first.body["recipient"] == "DE." + "A1b2" * 32
    await whatsapp.brings(whatsapp.phone(eve).changes_user_id(NEW_PHONE))
    assert (await whatsapp.says(eve, "It has two masts")).body["recipient"] == eve.user_id
    assert len(await whatsapp.conversations()) == 1


async def test_who_wrote_before_their_change_was_told_is_one_in_the_end(whatsapp: WhatsAppEcho, tmp_path: Path) -> None:
    ada = whatsapp.graph.people.add("Ada")
    await whatsapp.says(ada, "My boat is called Aurora")
    change = whatsapp.phone(ada).changes_number(NEW_PHONE)
    whatsapp.clock.advance(seconds=5)
    await whatsapp.says(ada, "It has two masts")
    assert len(await whatsapp.threads()) == 2
    await whatsapp.brings(change)
    await whatsapp.says(ada, "and a dog")
    (thread,) = await whatsapp.threads()
    assert await whatsapp.said() == ["My boat is called Aurora", "It has two masts", "and a dog"]
    await whatsapp.echo.manager.write_transcripts()
    assert {each["thread_id"] for each in transcripts_in(tmp_path).values()} == {thread.thread_id}


async def test_whose_number_shows_at_last_has_one_dialogue_with_nothing_lost(whatsapp: WhatsAppEcho) -> None:
    eve = whatsapp.graph.people.add("Eve", shows_phone=False, username="eve")
    await whatsapp.says(eve, "My boat is called Aurora")
    eve.contact, eve.shows_phone = Contact.MISSING, True
    hidden, eve.user_id = eve.user_id, None
    await whatsapp.says(eve, "It has two masts")
    assert len(await whatsapp.threads()) == 2
    eve.user_id = hidden
    await whatsapp.says(eve, "What is my boat called?")
    assert len(await whatsapp.threads()) == 1
    assert sorted(await whatsapp.said()) == ["It has two masts", "My boat is called Aurora", "What is my boat called?"]


async def test_names_that_people_give_themselves_are_known_and_go_after_what_they_say(
    whatsapp: WhatsAppEcho,
) -> None:
    eve = whatsapp.graph.people.add("Eve", username="eve.sails", shows_phone=False)
    await whatsapp.says(eve, "Hello")
    assert "Name: Eve" in str(whatsapp.model.prompts[-1])
    shown = await whatsapp.says(eve, "/profile")
    assert "eve.sails" in shown.text
    await whatsapp.says(eve, "/profile set name Evelyn Smith")
    eve.name = "Evi"
    await whatsapp.says(eve, "Hello again")
    thread = next(iter(await whatsapp.threads()))
    profile = await whatsapp.echo.profiles.service.profile(Scope(Platform.WHATSAPP, thread.thread_id, None))
    current, (earlier,) = profile.current("name"), profile.earlier("name")
    assert current is not None
    assert (current.value, earlier.value, earlier.source) == ("Evelyn Smith", "Evi", ProfileSource.CONTACT)


async def test_who_is_forgotten_is_forgotten_under_all_that_they_were_known_by(
    whatsapp: WhatsAppEcho, tmp_path: Path
) -> None:
    eve = whatsapp.graph.people.add("Eve", phone="4915112345678", shows_phone=False, username="eve")
    hidden, eve.user_id, eve.shows_phone = eve.user_id, None, True
    await whatsapp.says(eve, "My boat is called Aurora")
    eve.user_id, eve.shows_phone = hidden, False
    await whatsapp.says(eve, "It has two masts")
    eve.shows_phone = True
    await whatsapp.says(eve, "and a dog")
    await whatsapp.brings(whatsapp.phone(eve).changes_number(NEW_PHONE), whatsapp.phone(eve).edits("wamid.early", "x"))
    await whatsapp.says(eve, "/forget-me confirm")
    await whatsapp.seen_to()
    await eventually(lambda: found_in(tmp_path, ("4915112345678", NEW_PHONE, str(hidden), "Aurora", "two masts")) == {})
    for table in ("contacts", "contact_addresses", "former_addresses", "merged_contacts", "early_corrections"):
        assert database_rows(tmp_path, f"SELECT * FROM {table}") == []


async def test_a_customer_links_a_discord_account_both_ways(whatsapp: WhatsAppEcho) -> None:
    for number, begins in enumerate(("whatsapp", "discord")):
        ada = whatsapp.graph.people.add(f"Ada{number}")
        discord = PersonRef(f"discord-{number}", "Ada")
        talk = Talk(whatsapp.echo, whatsapp.clock, whatsapp.echo.settings, FakeChannel(Platform.DISCORD))
        there = ThreadRef(Platform.DISCORD, f"dm-{number}")
        await whatsapp.says(ada, f"My boat{number} is called Aurora")
        await talk.say(f"My boat{number} has two masts", thread=there, person=discord)
        if begins == "whatsapp":
            await talk.command(f"link {_code((await whatsapp.says(ada, '/link')).text)}", thread=there, person=discord)
        else:
            code = _code(await talk.command("link", thread=there, person=discord))
            await whatsapp.says(ada, f"/link {code}")
        found = await talk.command(f"search boat{number}", thread=there, person=discord)
        shown = (await whatsapp.says(ada, f"/search boat{number}")).text
        for told in (found, shown):
            assert ("Aurora" in told, "two masts" in told) == (True, True)


def _code(text: str) -> str:
    match = re.search(r"/link ([A-Z0-9]{4}-[A-Z0-9]{4})", text)
    assert match, text
    return match[1]


async def test_a_name_that_was_forgotten_does_not_come_back(whatsapp: WhatsAppEcho, tmp_path: Path) -> None:
    eve = whatsapp.graph.people.add("Eve", username="eve.sails")
    await whatsapp.says(eve, "Hello")
    await whatsapp.says(eve, "/profile forget username")
    eve.username = "eve.sails.again"
    await whatsapp.says(eve, "Hello again")
    kept = database_rows(tmp_path, "SELECT value FROM profile_values WHERE field = 'username'")
    assert kept == [(None,)]


async def test_a_merge_that_was_cut_off_is_gone_on_with_at_the_next_start(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as whatsapp:
        eve = whatsapp.graph.people.add("Eve", phone="4915112345678", shows_phone=False, user_id="DE.Eve")
        await whatsapp.says(eve, "My boat is called Aurora")
        eve.user_id, eve.shows_phone = None, True
        await whatsapp.says(eve, "It has two masts")
        # All that a process does before it is killed.
        table = ContactTable(whatsapp.echo.store)
        merged = await table.met(Platform.WHATSAPP, ["user:DE.Eve", "phone:4915112345678"], None)
        assert len(merged.absorbed) == 1
    async with whatsapp_echo(tmp_path, graph=whatsapp.graph) as whatsapp:
        async with asyncio.timeout(10):
            while await ContactTable(whatsapp.echo.store).unsettled(Platform.WHATSAPP):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert len(await whatsapp.threads()) == 1


async def test_what_is_being_answered_when_two_turn_out_to_be_one_is_answered_once(whatsapp: WhatsAppEcho) -> None:
    eve = whatsapp.graph.people.add("Eve", shows_phone=False, username="eve")
    hidden = eve.user_id
    eve.user_id, eve.shows_phone = None, True
    await whatsapp.says(eve, "My boat is called Aurora")
    eve.user_id, eve.shows_phone = hidden, False
    whatsapp.model.hold()
    await whatsapp.brings(whatsapp.phone(eve).text("It has two masts"))
    await eventually(lambda: len(whatsapp.model.prompts) == 2)
    eve.shows_phone = True
    await whatsapp.brings(whatsapp.phone(eve).text("and a dog"))
    whatsapp.model.release()
    await whatsapp.graph.answers(eve, 3)
    async with asyncio.timeout(10):
        while await ContactTable(whatsapp.echo.store).unsettled(Platform.WHATSAPP):
            whatsapp.clock.advance(seconds=5)
            await asyncio.sleep(0)
    assert len(await whatsapp.threads()) == 1
    assert sorted(await whatsapp.said()) == ["It has two masts", "My boat is called Aurora", "and a dog"]
    assert len(eve.received) == 3
