"""The fake Discord's rate limits and faults, met by an unmodified discord.py."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Draft
from tests.fakes.discord.posting import put_into_the_past
from tests.fakes.discord.probe import connected
from tests.fakes.discord.rate_limits import Limit

EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
SETTINGS = {"Authorization": "Bot fake.discord.token", "Content-Type": "application/json"}


def workshop(server: FakeDiscord) -> Channel:
    return server.add_guild("Workshop").add_text_channel("general")


@pytest.mark.parametrize("is_global", [False, True], ids=["of the bucket", "of everything"])
async def test_a_429_is_waited_out(is_global: bool) -> None:
    async with FakeDiscord() as server:
        channel = workshop(server)
        server.faults.rate_limit(method="POST", path="/messages$", retry_after=0.05, is_global=is_global)
        async with connected(server) as client:
            await client.text_channel(channel.id).send("hello")
        assert [one.status for one in server.requests("POST", "/messages")] == [429, 200]
        assert server.rate_limited == [], "what a test planned is not counted"


async def test_a_client_that_reads_the_headers_is_never_refused() -> None:
    async with FakeDiscord() as server:
        channel = workshop(server)
        server.limits.limits[EDIT] = Limit(5, 0.3)
        async with connected(server) as client:
            message = await client.text_channel(channel.id).send("0")
            for number in range(1, 13):
                await message.edit(content=str(number))
        edits = server.messages(channel)[0].edits
        assert len(edits) == 12
        assert edits[-1].at - edits[0].at >= 0.6, "two windows had to pass"
        assert server.rate_limited == []


async def test_a_client_that_ignores_the_headers_is_refused_and_counted() -> None:
    async with FakeDiscord() as server, aiohttp.ClientSession() as session:
        channel = workshop(server)
        statuses = []
        for _ in range(6):
            url = f"{server.api_base}/channels/{channel.id}/messages"
            async with session.post(url, json={"content": "now"}, headers=SETTINGS) as answer:
                statuses.append(answer.status)
                body = await answer.json()
        assert statuses == [200] * 5 + [429]
        assert 0 < body["retry_after"] <= 5
        assert answer.headers["Via"]
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert len(server.rate_limited) == 1


async def test_everything_together_can_be_limited() -> None:
    async with FakeDiscord() as server, aiohttp.ClientSession() as session:
        server.limits.everything = Limit(3, 5.0)
        for _ in range(4):
            async with session.get(f"{server.api_base}/users/@me", headers=SETTINGS) as answer:
                body = await answer.json()
        assert (answer.status, body["global"]) == (429, True)
        assert answer.headers["X-RateLimit-Global"] == "true"


async def test_a_server_error_is_tried_again() -> None:
    async with FakeDiscord() as server:
        channel = workshop(server)
        server.faults.fail(502, method="POST", path="/messages$")
        async with connected(server) as client:
            await client.text_channel(channel.id).send("hello")
        assert [one.content for one in server.messages(channel)] == ["hello"]


async def test_an_answer_can_be_lost_after_its_effect() -> None:
    async with FakeDiscord() as server:
        channel = workshop(server)
        server.faults.cut(method="POST", path="/messages$")
        async with connected(server) as client:
            with pytest.raises((aiohttp.ClientError, OSError)):
                await client.text_channel(channel.id).send("hello", nonce="turn-1-0")
            await client.text_channel(channel.id).send("hello", nonce="turn-1-0")
        assert len(server.messages(channel)) == 1
        assert len(server.faults.struck) == 1


async def test_a_hanging_request_can_be_let_go() -> None:
    async with FakeDiscord() as server:
        channel = workshop(server)
        server.faults.hang(method="POST", path="/messages$")
        async with connected(server) as client:
            sending = asyncio.create_task(client.text_channel(channel.id).send("hello"))
            await server.until(lambda: server.faults.struck)
            server.faults.release()
            with pytest.raises((aiohttp.ClientError, OSError)):
                await sending
        assert server.messages(channel) == []


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (404, 10008), (400, 30046)])
async def test_any_refusal_can_be_planned(status: int, code: int) -> None:
    async with FakeDiscord() as server:
        channel = workshop(server)
        async with connected(server) as client:
            message = await client.text_channel(channel.id).send("hello")
            server.faults.refuse(status, code, method="PATCH")
            with pytest.raises(discord.HTTPException) as caught:
                await message.edit(content="again")
        assert (caught.value.status, caught.value.code) == (status, code)


async def test_old_messages_take_few_edits() -> None:
    async with FakeDiscord() as server:
        server.rules.old_edits, server.rules.old_edits_retry_after = 1, timedelta(0)
        server.limits.limits[EDIT] = Limit(50, 5.0)
        channel = workshop(server)
        hours_ago = datetime.now(UTC) - timedelta(hours=2)
        old = put_into_the_past(server.world, channel, server.bot, Draft("old"), hours_ago)
        async with connected(server) as client:
            message = client.text_channel(channel.id).get_partial_message(old.id)
            await message.edit(content="newer")
            with pytest.raises(discord.HTTPException) as caught:
                await message.edit(content="newest")
        assert caught.value.code == 30046
        assert old.content == "newer"


async def test_an_outage_cuts_rest_and_gateway() -> None:
    async with FakeDiscord() as server:
        channel = workshop(server)
        async with connected(server) as client:
            server.go_offline()
            with pytest.raises((aiohttp.ClientError, OSError)):
                await client.text_channel(channel.id).send("hello")
            server.go_online()
            await server.wait_ready()
            await client.text_channel(channel.id).send("hello again")
        assert [one.content for one in server.messages(channel)] == ["hello again"]
