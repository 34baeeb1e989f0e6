"""What a check finds out about the bot, and what is said at start."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from source.adapters.discord.application import examine
from source.adapters.discord.permissions import NEEDED, invite_link
from source.domain.errors import SettingsError
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_platform import connected_bot, settings_for
from tests.fakes.running_echo import eventually


async def test_a_bot_that_is_set_up_well_is_described_with_its_invite_link() -> None:
    async with FakeDiscord(bot_name="Echo of the workshop") as server:
        server.add_guild("Workshop")
        findings = await examine(settings_for(server))
    texts = [finding.text for finding in findings]
    assert all(finding.is_fine for finding in findings)
    assert texts[0] == f"Echo of the workshop (application {server.bot.id}), in 1 server."
    assert texts[1] == f"Invite: {invite_link(server.bot.id)}"
    assert texts[2:] == ["The Message Content intent is on.", "The gateway 127.0.0.1 answers."]


def test_the_invite_asks_for_six_permissions_and_no_more() -> None:
    assert invite_link(7) == (
        "https://discord.com/oauth2/authorize?client_id=7&scope=bot+applications.commands"
        "&permissions=309237746688&integration_type=0"
    )
    assert sum(granted for _, granted in NEEDED) == 6


async def test_a_wrong_token_is_said_to_be_wrong() -> None:
    async with FakeDiscord() as server:
        with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
            await examine(settings_for(server, token="wrong"))


async def test_an_intent_that_is_off_is_a_problem_unless_the_settings_say_so() -> None:
    async with FakeDiscord(intents=0) as server:
        problems = [finding for finding in await examine(settings_for(server)) if not finding.is_fine]
        without = await examine(settings_for(server, message_content=False))
    assert [problem.text.startswith("Discord refuses the Message Content intent") for problem in problems] == [True]
    assert all(finding.is_fine for finding in without)


async def test_a_discord_that_cannot_be_reached_is_a_problem_and_no_error() -> None:
    async with FakeDiscord() as server:
        settings = settings_for(server)
        server.gateway.go_offline()
        (*_, gateway) = await examine(settings)
        server.go_offline()
        (unreachable,) = await examine(settings)
    (nowhere,) = await examine(replace(settings, api_base="http://127.0.0.1:9/api/v10"))
    assert "gateway 127.0.0.1 does not answer" in gateway.text
    assert not any(finding.is_fine for finding in (gateway, unreachable, nowhere))


async def test_the_token_is_shown_nowhere() -> None:
    async with FakeDiscord() as server:
        settings = settings_for(server)
        assert server.token not in repr(settings)
        assert server.token not in repr(await examine(settings))


async def test_permissions_that_are_missing_in_a_guild_are_said_once_at_start() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        fine = server.add_guild("Garden")
        guild.set_permissions(guild.everyone, 1 << 10 | 1 << 11)
        with capture_logs() as lines:
            async with connected_bot(server) as bot:
                await bot.has_looked_around()
                server.gateway.invalidate_session(resumable=False)
                await eventually(lambda: server.gateway.identifies == 2)
                await bot.has_looked_around()
    told = [line for line in lines if line["event"] == "discord_permissions_missing"]
    assert [line["guild"] for line in told] == [guild.id]
    assert fine.id != guild.id
    assert told[0]["missing"] == [
        "attach files",
        "read message history",
        "create public threads",
        "send messages in threads",
    ]
