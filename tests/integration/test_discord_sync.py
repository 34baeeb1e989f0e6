"""A whole Echo that comes back to Discord: what changed meanwhile is changed in its store and its transcripts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from source.adapters.discord.platform import DiscordPlatform
from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.sync_table import SyncTable
from source.app.composition import open_echo
from source.app.discord_channel import discord_platform
from source.app.echo import Echo
from source.domain.message import Standing
from source.domain.thread import Platform, ThreadKey
from source.services.sync import SyncMessages, SyncService
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_talks import Talks
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import settings_for, transcripts_in


@asynccontextmanager
async def _echo(
    discord: FakeDiscord, model: FakeOpenAIServer, folder: Path
) -> AsyncIterator[tuple[Echo, SyncMessages]]:
    chosen = settings_for(
        folder,
        model,
        discord_token=SecretStr(discord.token),
        discord_api_base=discord.api_base,
        discord_gateway_url=discord.gateway_url,
    )
    async with open_echo(chosen) as echo:
        platform = discord_platform(chosen, echo)
        table = SyncTable(echo.store)
        histories = {Platform.DISCORD: platform.history(table)}
        async with _connected(discord, platform):
            yield echo, SyncMessages(SyncService(histories, table, ArchiveTable(echo.store), echo.clock))


@asynccontextmanager
async def _connected(discord: FakeDiscord, platform: DiscordPlatform) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(platform.run(stop))
    try:
        await discord.wait_ready()
        yield
    finally:
        stop.set()
        await running


async def test_edits_and_deletions_of_the_time_away_reach_the_store_and_the_transcript(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, FakeOpenAIServer() as model:
        talks = Talks(discord, model)
        async with _echo(discord, model, tmp_path):
            thread = await talks.talk("Hello")
            edited = await talks.ada.says(thread, "My boat is geen")
            await talks.whole_answers(thread, 2)
            deleted = await talks.ada.says(thread, "My code is 1234")
            await talks.whole_answers(thread, 3)
        await talks.ada.edits(edited, "My boat is green")
        await talks.ada.deletes(deleted)
        async with _echo(discord, model, tmp_path) as (echo, sync):
            pieces = await sync.plan(sync.checked({"chat_ids": [str(thread.id)], "full": True}))
            output = sync.report([await sync.perform(piece) for piece in pieces])
            conversation = await echo.store.active(ThreadKey(Platform.DISCORD, str(thread.id)))
            hits = await echo.store.search("1234")
    assert output == {"synced": 1, "found": 0, "edited": 1, "deleted": 1, "failed": {}, "unsupported": []}
    assert conversation is not None
    by_event = {message.event_id: message for message in conversation.messages if message.event_id}
    assert by_event[str(edited.id)].message_content == "My boat is green"
    assert by_event[str(deleted.id)].standing is Standing.DELETED
    assert not [hit for hit in hits if hit.message.is_from_person], "Echo's reply stays as it is"
    (transcript,) = transcripts_in(tmp_path).values()
    said = [entry["message_content"] for entry in transcript["history"] if entry["meta"].get("requester")]
    assert said == ["Hello", "My boat is green", ""]
