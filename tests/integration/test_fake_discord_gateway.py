"""The fake Discord's gateway, driven by an unmodified discord.py."""

from collections.abc import Callable
from datetime import timedelta

import discord
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.events import Intent
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.probe import INTENTS, Probe, connected


@pytest.mark.parametrize(
    "lose",
    [Gateway.drop_connections, Gateway.disconnect, Gateway.reconnect_op7],
    ids=["line cut", "closed with 4000", "asked to reconnect"],
)
async def test_a_lost_line_is_resumed_with_what_was_missed(lose: Callable[[Gateway], None]) -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            lose(server.gateway)
            await server.until(lambda: not server.gateway.connected)
            await ada.says(channel, "missed")
            await client.hears("missed")
            await client.told("resumed")
        assert (server.gateway.identifies, server.gateway.resumes) == (1, 1)
        assert len(client.heard) == 1


async def test_a_forgotten_session_starts_anew_and_misses_what_was_said() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            server.gateway.go_offline(forget=True)
            await server.until(lambda: not server.gateway.connected)
            await ada.says(channel, "missed")
            server.gateway.go_online()
            await server.until(lambda: server.gateway.identifies == 2)
            await ada.says(channel, "heard")
            await client.hears("heard")
        assert [one.content for one in client.heard] == ["heard"]


async def test_an_invalidated_session_is_replaced() -> None:
    async with FakeDiscord() as server:
        server.add_guild("Workshop")
        async with connected(server):
            server.gateway.invalidate_session(resumable=False)
            await server.until(lambda: server.gateway.identifies == 2 and server.gateway.connected)
        assert server.gateway.resumes == 0


async def test_an_event_can_come_twice() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            await ada.says(channel, "hello")
            server.gateway.duplicate_last_event("MESSAGE_CREATE")
            await client.told("message", 2)
        assert client.heard[0].id == client.heard[1].id


async def test_a_client_that_stops_its_heartbeat_is_cut() -> None:
    async with FakeDiscord() as server:
        server.gateway.heartbeat_interval = timedelta(milliseconds=250)
        server.add_guild("Workshop")
        async with connected(server) as client:
            await server.until(lambda: server.gateway.heartbeats >= 3)
            assert server.gateway.close_codes == [], "heartbeats keep the line"
            client.ws._keep_alive.stop()  # type: ignore[union-attr]
            await server.until(lambda: server.gateway.identifies == 2)
        assert server.gateway.close_codes[0] == 4009


async def test_a_privileged_intent_that_is_not_enabled_is_refused() -> None:
    async with FakeDiscord(intents=0) as server:
        server.add_guild("Workshop")
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with connected(server):
                pass
        assert server.gateway.close_codes == [4014]


async def test_a_wrong_token_is_refused() -> None:
    async with FakeDiscord() as server:
        server.rest.token = "another"
        with pytest.raises(discord.LoginFailure):
            async with connected(server):
                pass


async def test_each_shard_hears_of_its_own_guilds() -> None:
    async with FakeDiscord() as server:
        guilds = [server.add_guild(name) for name in ("one", "two", "three", "four")]
        first = Probe(shard=(0, 2))
        second = Probe(shard=(1, 2))
        async with connected(server, first), connected(server, second):
            assert len(first.guilds) == len(second.guilds) == 2
            for guild in guilds:
                await guild.add_member("Ada").says(guild.add_text_channel("general"), guild.name)
            bob = guilds[0].add_member("Bob")
            await bob.says(bob.dm, "psst")
            await first.hears("psst")
            await second.told("message", 2)
        assert {one.content for one in first.heard} - {"psst"} == {one.name for one in first.guilds}
        assert "psst" not in {one.content for one in second.heard}


async def test_members_are_sent_when_asked_for() -> None:
    intents = discord.Intents(members=True)
    intents.value |= INTENTS.value
    async with FakeDiscord(intents=Intent.MESSAGE_CONTENT | Intent.GUILD_MEMBERS) as server:
        guild = server.add_guild("Workshop")
        ada = guild.add_member("Ada")
        async with connected(server, Probe(intents=intents)) as client:
            assert client.guilds[0].get_member(ada.id) is not None
            found = await client.guilds[0].query_members("ad")
            assert [one.name for one in found] == ["Ada"]
