"""What `python bot.py check` and a start that cannot work tell the operator of a Discord bot."""

import asyncio
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes.discord import FakeDiscord


def program(tmp_path: Path, discord: FakeDiscord, **settings: str) -> Program:
    return Program(
        tmp_path / "conversations",
        DISCORD_TOKEN=settings.pop("DISCORD_TOKEN", discord.token),
        DISCORD_API_BASE=discord.api_base,
        DISCORD_GATEWAY_URL=discord.gateway_url,
        LOCAL_MODEL_URLS="",
        **settings,
    )


async def test_check_prints_the_invite_link_and_never_the_token(tmp_path: Path) -> None:
    async with FakeDiscord() as discord:
        done = await asyncio.to_thread(program(tmp_path, discord, WEB_ENABLED="false").run, "check")

    link = f"https://discord.com/oauth2/authorize?client_id={discord.bot.id}&scope=bot+applications.commands"
    assert f"{link}&permissions=309237746688&integration_type=0" in done.stdout
    assert "The Message Content intent is on." in done.stdout
    assert discord.token not in done.stdout + done.stderr
    assert done.returncode == 0


async def test_check_says_where_to_switch_the_missing_intent_on(tmp_path: Path) -> None:
    async with FakeDiscord(intents=0) as discord:
        done = await asyncio.to_thread(program(tmp_path, discord, WEB_ENABLED="false").run, "check")

    assert "Message Content" in done.stdout
    assert "https://discord.com/developers/applications" in done.stdout
    assert done.returncode == 1


def test_check_says_that_there_is_no_token(tmp_path: Path) -> None:
    done = Program(tmp_path / "conversations", DISCORD_TOKEN="", LOCAL_MODEL_URLS="", WEB_ENABLED="false").run("check")
    assert "DISCORD_TOKEN is not set" in done.stdout
    assert done.returncode == 0


async def test_a_wrong_token_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    async with FakeDiscord() as discord:
        done = await asyncio.to_thread(program(tmp_path, discord, DISCORD_TOKEN="wrong").run)

    assert "DISCORD_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


async def test_an_intent_that_is_off_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    async with FakeDiscord(intents=0) as discord:
        done = await asyncio.to_thread(program(tmp_path, discord).run)

    assert "Message Content" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


async def test_shards_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    async with FakeDiscord() as discord:
        done = await asyncio.to_thread(program(tmp_path, discord, SHARD_IDS="0-3", SHARD_COUNT="2").run)

    assert done.stderr.splitlines()[-1] == "SHARD_IDS is 0-3, but with SHARD_COUNT 2 they go from 0 to 1."
    assert done.returncode == 2
