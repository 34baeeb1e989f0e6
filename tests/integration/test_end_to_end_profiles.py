"""Profiles and linked accounts on a whole Echo: commands, what new conversations begin with, and who is told."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from source.adapters.storage.profile_tables import link_notices
from source.domain.errors import RefusedInputError
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, Talk, database_rows, running_echo, transcripts_in

DM = ThreadRef(Platform.DISCORD, "5")
GUILD = ThreadRef(Platform.DISCORD, "6", "7", "Club")
ON_DISCORD = PersonRef("77", "Ada")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


@pytest.fixture
async def talk(tmp_path: Path, server: FakeOpenAIServer) -> AsyncIterator[Talk]:
    async with running_echo(tmp_path, server, FakeClock()) as running:
        yield running


async def _code(talk: Talk) -> str:
    answer = await talk.command("link")
    return answer.split("/link ")[1].split()[0]


async def _linked(talk: Talk) -> str:
    return await talk.command(f"link {await _code(talk)}", thread=DM, person=ON_DISCORD)


async def test_profile_tells_what_is_known_with_date_and_source(talk: Talk) -> None:
    assert "I know nothing of you here" in await talk.command("profile")
    await talk.command("profile set e-mail old@example.org")
    talk.clock.advance(seconds=timedelta(days=1).total_seconds())
    assert "new@example.org" in await talk.command("profile set email new@example.org")
    told = await talk.command("profile")
    assert "E-mail: new@example.org (2026-03-03, you set it)" in told
    assert "before: old@example.org (2026-03-02)" in told
    assert "Not known yet: Name." in told
    assert "Forgotten" in await talk.command("profile forget email")
    assert "example.org" not in await talk.command("profile")
    assert "nothing of E-mail" in await talk.command("profile forget email")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("profile set", "Write /profile"),
        ("profile set email", "Write /profile"),
        ("profile email a@x.org", "Write /profile"),
        ("profile forget", "Write /profile"),
        ("profile set email nonsense", "e-mail address"),
        ("profile set time_zone Mars/Base", "time zone"),
        ("profile set phone 12345678901", "phone number"),
    ],
)
async def test_what_cannot_be_done_is_said(talk: Talk, line: str, told: str) -> None:
    with pytest.raises(RefusedInputError, match=told):
        await talk.command(line)


async def test_a_new_conversation_begins_with_the_profile_of_its_place(talk: Talk, server: FakeOpenAIServer) -> None:
    await talk.command("profile set name Ada Lovelace")
    await talk.command("profile set company Analytical", thread=GUILD, person=ON_DISCORD)
    await talk.say("Hello")
    assert "- Name: Ada Lovelace (2026-03-02)" in json.dumps(server.requests[-1])
    await talk.say("Hello", thread=GUILD, person=ON_DISCORD)
    asked = json.dumps(server.requests[-1])
    assert "- Company: Analytical" in asked
    assert "Lovelace" not in asked


async def test_the_profile_is_left_out_where_the_settings_say_so(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), include_client_summary=False) as talk:
        await talk.command("profile set name Ada Lovelace")
        await talk.say("Hello")
    assert "Lovelace" not in json.dumps(server.requests[-1])


async def test_a_code_links_the_accounts_and_both_are_told(tmp_path: Path, talk: Talk) -> None:
    await talk.command("profile set name Ada Lovelace")
    await talk.say("My boat is called Aurora")
    code = await _code(talk)
    assert code.replace("-", "") not in str(database_rows(tmp_path, "SELECT * FROM link_codes"))
    answer = await talk.command(f"link {code.lower().replace('-', ' ')}", thread=DM, person=ON_DISCORD)
    assert "one person to me now" in answer
    assert "Ada Lovelace" in await talk.command("profile", thread=DM, person=ON_DISCORD)
    assert "Aurora" in await talk.command("search boat", thread=DM, person=ON_DISCORD)
    reply = await talk.say("Hello again")
    assert any("one person to me" in line and "discord" in line for line in reply.notices)
    assert not any("one person to me" in line for line in (await talk.say("Hello once more")).notices)


async def test_whose_code_was_typed_hears_of_it_with_a_first_command_too(talk: Talk) -> None:
    await _linked(talk)
    assert "one person to me: your code was typed" not in await talk.command("help", thread=GUILD, person=ON_DISCORD)
    told = await talk.reply_to("conversations")
    assert "one person to me: your code was typed" in told.text
    assert not told.lines or "one person" in told.lines[-1].text
    assert "one person to me" not in await talk.command("help")
    assert (await talk.say("Hello")).notices == []


@pytest.mark.parametrize("from_there", [True, False])
async def test_what_was_unlinked_is_told_as_what_was(talk: Talk, from_there: bool) -> None:
    await talk.say("Hello")
    await _linked(talk)
    if from_there:
        await talk.command("unlink", thread=DM, person=ON_DISCORD)
        [told] = (await talk.say("Hello again")).notices
    else:
        told = await talk.command("unlink")
    assert "were one person to me: your code was typed there. They are apart again." in told
    assert " are one person" not in told
    assert (await talk.say("Hello once more")).notices == []


async def test_what_was_forgotten_of_a_link_meanwhile_is_not_told(talk: Talk) -> None:
    await _linked(talk)
    await talk.say("Hello", thread=ThreadRef(Platform.DISCORD, "8"), person=PersonRef("88", "Bob"))
    await talk.echo.store.change(lambda connection, _now: connection.execute(delete(link_notices)))
    assert (await talk.say("Hello")).notices == []


async def test_what_was_said_in_private_stays_out_of_guilds_after_linking(talk: Talk) -> None:
    await talk.command("profile set name Ada Lovelace")
    await talk.say("My boat is called Aurora")
    await _linked(talk)
    assert "Lovelace" not in await talk.command("profile", thread=GUILD, person=ON_DISCORD)
    assert "Aurora" not in await talk.command("search boat", thread=GUILD, person=ON_DISCORD)


async def test_a_guild_is_no_place_to_be_told_of_one_s_accounts(talk: Talk) -> None:
    answer = await talk.command("link", thread=DM, person=ON_DISCORD)
    code = answer.split("/link ")[1].split()[0]
    await talk.command(f"link {code}")
    reply = await talk.say("Hello", thread=GUILD, person=ON_DISCORD)
    assert not any("one person" in line for line in reply.notices)
    reply = await talk.say("Hello", thread=DM, person=ON_DISCORD)
    assert any("one person" in line for line in reply.notices)


async def test_a_code_is_not_for_other_eyes(talk: Talk) -> None:
    with pytest.raises(RefusedInputError, match="directly"):
        await talk.command("link", thread=GUILD, person=ON_DISCORD)
    code = await _code(talk)
    with pytest.raises(RefusedInputError, match="directly"):
        await talk.command(f"link {code}", thread=GUILD, person=ON_DISCORD)


async def test_a_wrong_code_and_an_own_one_are_told_apart(talk: Talk) -> None:
    assert "No such code" in await talk.command("link AAAA-AAAA")
    assert "own code" in await talk.command(f"link {await _code(talk)}")
    for _ in range(3):
        await talk.command("link AAAA-AAAA", thread=DM, person=ON_DISCORD)
    for _ in range(2):
        answer = await talk.command("link AAAA-AAAA", thread=DM, person=ON_DISCORD)
    assert "Too many" in answer
    assert "Too many" in await talk.command(f"link {await _code(talk)}", thread=DM, person=ON_DISCORD)


async def test_unlink_takes_the_account_out_with_what_is_its_own(talk: Talk) -> None:
    assert "stands alone" in await talk.command("unlink")
    await talk.command("profile set name Ada Lovelace")
    await talk.command("profile set company Club", thread=DM, person=ON_DISCORD)
    await _linked(talk)
    assert "stands alone again" in await talk.command("unlink", thread=DM, person=ON_DISCORD)
    assert "Lovelace" not in await talk.command("profile", thread=DM, person=ON_DISCORD)
    told = await talk.command("profile")
    assert "Lovelace" in told
    assert "Club" not in told


async def test_a_link_outlives_the_process(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.command("profile set name Ada Lovelace")
        await _linked(talk)
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        assert "Lovelace" in await talk.command("profile", thread=DM, person=ON_DISCORD)
        assert any("one person to me" in line for line in (await talk.say("Hello", person=ADA)).notices)


async def test_what_is_forgotten_leaves_the_beginning_of_conversations_too(
    tmp_path: Path, talk: Talk, server: FakeOpenAIServer
) -> None:
    await talk.command("profile set name Ada Lovelace")
    await talk.command("profile set company Analytical")
    await talk.say("Hello")
    await talk.command("new")
    await talk.say("Hello again")
    await talk.command("profile forget name")
    await talk.say("What is my name?")
    await talk.leave_memory()
    assert "Analytical" in json.dumps(server.requests[-1])
    assert "Lovelace" not in json.dumps(server.requests[-1])
    assert "Lovelace" not in str(database_rows(tmp_path, "SELECT carried_summary FROM conversations"))
    assert "Lovelace" not in str(transcripts_in(tmp_path))
