"""A Discord on loopback for tests and benchmarks: real HTTP, real WebSocket, strict where the real one is.

    async with FakeDiscord() as discord:
        guild = discord.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        ...  # start a bot with discord.token, discord.api_base, discord.gateway_url
        await discord.wait_ready()
        await ada.says(channel, "<@bot> hello")
        answer = await discord.answer_in(channel)
        assert [one.content for one in answer.versions] == ["…", "Hello."]

`tests.fakes.discord.remote` runs it as a process for synchronous tests.
"""

from tests.fakes.discord.server import FakeDiscord

__all__ = ["FakeDiscord"]
