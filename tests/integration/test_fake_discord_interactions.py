"""The fake Discord's commands, buttons and forms, driven by an unmodified discord.py."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import discord
import pytest
from discord import app_commands

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.interaction import Ack
from tests.fakes.discord.person import Person
from tests.fakes.discord.probe import Probe, connected

HERE = 100


@dataclass(frozen=True, slots=True)
class Scene:
    server: FakeDiscord
    channel: Channel
    ada: Person
    client: Probe
    refused: list[discord.HTTPException]


def add_commands(client: Probe, refused: list[discord.HTTPException]) -> None:
    tree = client.tree

    @tree.command(description="Start a conversation")
    async def new(interaction: discord.Interaction, topic: str | None = None) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send(f"About {topic}.")

    @tree.command(description="Show what is private")
    async def summary(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Only for you.", ephemeral=True)

    @tree.command(description="Send a file")
    async def export(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(attachments=[discord.File(io.BytesIO(b"{}"), "chat.json")])

    @tree.command(description="Go on")
    async def resume(interaction: discord.Interaction, which: str) -> None:
        await interaction.response.send_message(which)

    @resume.autocomplete("which")
    async def which(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        known = ("bread", "butter", "salt")
        return [app_commands.Choice(name=one, value=one) for one in known if one.startswith(typed)]

    @tree.command(description="Too slow")
    async def slow(interaction: discord.Interaction) -> None:
        await asyncio.sleep(0.1)
        try:
            await interaction.response.send_message("late")
        except discord.HTTPException as error:
            refused.append(error)

    @tree.context_menu(name="Summarise from here")
    async def menu(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"From: {message.content}", ephemeral=True)


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with FakeDiscord(checks_answers=True) as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        client, refused = Probe(), list[discord.HTTPException]()
        async with connected(server, client):
            add_commands(client, refused)
            await client.tree.sync()
            yield Scene(server, channel, ada, client, refused)


async def test_a_deferred_command_is_answered_by_its_follow_up() -> None:
    async with scene() as here:
        interaction = await here.ada.uses("/new", here.channel, options={"topic": "bread"})
        answer = await interaction.answered()
        assert answer.content == "About bread."
        assert interaction.ack is Ack.DEFERRED_MESSAGE
        assert interaction.ack_delay_ms is not None
        assert interaction.ack_delay_ms < 3000
        assert here.server.messages(here.channel) == [answer]
        assert interaction.follow_ups == [], "the first follow-up fills the message that was loading"


async def test_an_ephemeral_answer_is_in_no_channel() -> None:
    async with scene() as here:
        interaction = await here.ada.uses("/summary", here.channel)
        answer = await interaction.answered()
        assert interaction.is_ephemeral
        assert answer.content == "Only for you."
        assert here.server.messages(here.channel) == []


async def test_a_file_comes_with_an_edit_of_the_answer() -> None:
    async with scene() as here:
        interaction = await here.ada.uses("/export", here.ada.dm)
        answer = await interaction.answered()
        assert [(one.filename, one.content) for one in answer.attachments] == [("chat.json", b"{}")]


async def test_options_are_completed() -> None:
    async with scene() as here:
        interaction = await here.ada.autocompletes("/resume", here.channel, "which", "b")
        await interaction.acknowledged()
        assert [one["value"] for one in interaction.choices] == ["bread", "butter"]


async def test_a_menu_knows_its_message() -> None:
    async with scene() as here:
        message = await here.ada.says(here.channel, "we need flour")
        interaction = await here.ada.uses_context_menu("Summarise from here", message)
        assert (await interaction.answered()).content == "From: we need flour"


async def test_a_late_acknowledgement_is_refused_with_10062() -> None:
    async with scene() as here:
        here.server.rules.ack = timedelta(milliseconds=50)
        interaction = await here.ada.uses("/slow", here.channel)
        await here.server.until(lambda: interaction.late_acks_ms)
        assert interaction.ack is None
    assert [(one.status, one.code) for one in here.refused] == [(404, 10062)]


async def test_a_token_dies_after_its_time() -> None:
    async with scene() as here:
        interaction = await here.ada.uses("/summary", here.channel)
        await interaction.answered()
        here.server.rules.interaction_life = timedelta(0)
        assert here.client.application_id is not None
        adapter = discord.webhook.async_.async_context.get()
        route = (here.client.application_id, interaction.token)
        with pytest.raises(discord.HTTPException) as caught:
            await adapter.get_original_interaction_response(*route, session=here.client.http._HTTPClient__session)  # type: ignore[attr-defined]
        assert caught.value.code == 50027


async def test_a_button_changes_its_message() -> None:
    async with scene() as here:

        async def stop(interaction: discord.Interaction) -> None:
            await interaction.response.edit_message(content="stopped", view=None)

        view = discord.ui.View(timeout=None)
        button: discord.ui.Button[discord.ui.View] = discord.ui.Button(label="Stop", custom_id="stop:7")
        button.callback = stop  # type: ignore[method-assign]
        view.add_item(button)
        sent = await here.client.text_channel(here.channel.id).send("going", view=view)
        message = here.channel.messages[sent.id]
        interaction = await here.ada.clicks(message, "stop:7")
        await interaction.acknowledged()
        assert interaction.ack is Ack.UPDATE
        assert [one.content for one in message.versions] == ["going", "stopped"]
        with pytest.raises(AssertionError, match="has no 'stop:7'"):
            await here.ada.clicks(message, "stop:7")


async def test_a_form_is_shown_and_sent() -> None:
    async with scene() as here:

        class Form(discord.ui.Modal, title="Why?"):
            reason: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="Reason", custom_id="reason")

            async def on_submit(self, interaction: discord.Interaction) -> None:
                await interaction.response.send_message(f"Thanks: {self.reason.value}", ephemeral=True)

        @here.client.tree.command(description="Tell why")
        async def feedback(interaction: discord.Interaction) -> None:
            await interaction.response.send_modal(Form())

        await here.client.tree.sync()
        shown = await here.ada.uses("/feedback", here.channel)
        await shown.acknowledged()
        sent = await here.ada.submits(shown, {"reason": "too long"})
        assert (await sent.answered()).content == "Thanks: too long"


async def test_what_a_users_client_would_not_send_fails_at_once() -> None:
    async with scene() as here:
        with pytest.raises(AssertionError, match="no command 'nothing'"):
            await here.ada.uses("/nothing", here.channel)
        with pytest.raises(AssertionError, match="needs \\['which'\\]"):
            await here.ada.uses("/resume", here.channel)


async def test_creating_too_many_commands_a_day_is_refused() -> None:
    async with scene() as here:
        known = len(here.server.world.application.commands[None])
        here.server.rules.command_creates_a_day = known
        await here.client.tree.sync()

        @here.client.tree.command(description="One too many")
        async def extra(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("never")

        with pytest.raises(discord.HTTPException) as caught:
            await here.client.tree.sync()
        assert caught.value.code == 30034
