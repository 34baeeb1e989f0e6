"""Every command of the vocabulary, as Discord's members use it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.adapters.discord.commands.slash import STAYS
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.interaction import Interaction
from tests.fakes.discord_talks import PATIENCE, Talks, custom_id, echo_at, talks
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer

ACKNOWLEDGED_WITHIN_MS = 3_000


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Talks]:
    async with talks(tmp_path) as place:
        yield place
        late = [i for i in place.discord.world.interactions.values() if i.late_acks_ms]
        assert not late


async def used(place: Talks, command: str, where: Channel, **options: object) -> Interaction:
    """Have Ada use a command and wait for its answer."""
    interaction = await place.ada.uses(command, where, options=options)
    await interaction.answered(patience=PATIENCE)
    assert interaction.ack_delay_ms is not None
    assert interaction.ack_delay_ms < ACKNOWLEDGED_WITHIN_MS
    return interaction


async def test_new_in_a_channel_opens_a_thread_named_after_the_topic(place: Talks) -> None:
    interaction = await used(place, "/new", place.channel, topic="Sharpening chisels")
    (thread,) = place.guild.active_threads()

    assert thread.name == "Sharpening chisels"
    assert f"<#{thread.id}>" in interaction.answer
    assert not interaction.is_ephemeral
    answer = await place.says("where were we?", thread)
    assert answer.content == "You said: Ada: where were we?"


async def test_new_in_a_thread_begins_there_and_resume_goes_back(place: Talks) -> None:
    thread = await place.talk("remember the blue door")
    began = await used(place, "/new", thread)
    assert "New conversation" in began.answer
    await place.says("something else", thread)
    resumed = await used(place, "/resume", thread, which="2")

    assert "Back in the conversation" in resumed.answer
    await place.says("and now?", thread)
    assert "blue door" in str(place.model.requests[-1]["messages"])


async def test_resume_suggests_the_conversations_by_topic(place: Talks) -> None:
    thread = await place.talk("remember the blue door")
    await used(place, "/new", thread, topic="Red windows")
    asked = await place.ada.autocompletes("/resume", thread, "which", "")
    await asked.acknowledged()

    assert asked.choices
    assert all(len(choice["name"]) <= 100 for choice in asked.choices)


async def test_archive_puts_the_thread_away_and_a_post_brings_it_back(place: Talks) -> None:
    thread = await place.talk()
    interaction = await used(place, "/archive", thread)
    await place.discord.until(lambda: thread.thread is not None and thread.thread.archived, patience=PATIENCE)

    assert interaction.is_ephemeral
    answer = await place.says("anybody there?", thread)
    assert thread.thread is not None
    assert not thread.thread.archived
    assert answer.content == "You said: Ada: anybody there?"


async def test_archive_says_that_somebody_else_s_thread_stays_open(place: Talks) -> None:
    message = await place.ada.says(place.channel, "let us talk here")
    thread = await place.ada.opens_thread(message, "Ada's own")
    await place.says("<@bot> are you there?", thread)
    interaction = await used(place, "/archive", thread)
    told = await interaction.answered(2, patience=PATIENCE)

    assert thread.thread is not None
    assert not thread.thread.archived
    assert told.content == STAYS


async def test_unarchive_says_what_it_brought_back(place: Talks) -> None:
    thread = await place.talk()
    await used(place, "/archive", thread)
    interaction = await used(place, "/unarchive", thread)
    assert interaction.answer.startswith("Brought back")


async def test_conversations_lists_them_for_the_asker_alone(place: Talks) -> None:
    thread = await place.talk("about wood")
    here = await used(place, "/conversations", thread)
    everywhere = await used(place, "/conversations", place.channel)

    assert here.is_ephemeral
    assert "2 messages" in here.answer
    assert f"/{thread.id}" in everywhere.answer


async def test_summary_says_what_it_is_about(place: Talks) -> None:
    thread = await place.talk("we build a shed of oak")
    place.model.queue(Says(["They build a shed."]))
    interaction = await used(place, "/summary", thread)
    assert interaction.answer


async def test_search_finds_what_the_asker_may_see_with_a_link(place: Talks) -> None:
    thread = await place.talk("the password of the shed is swordfish")
    interaction = await used(place, "/search", thread, words="swordfish")
    others = await place.ben.uses("/search", thread, options={"words": "swordfish"})
    await others.answered(patience=PATIENCE)

    assert "swordfish" in interaction.answer
    assert f"https://discord.com/channels/{place.guild.id}/{thread.id}/" in interaction.answer
    assert "swordfish" not in others.answer


async def test_what_was_said_in_direct_messages_is_found_in_no_guild(place: Talks) -> None:
    await place.says("my secret is swordfish", place.ada.dm)
    thread = await place.talk("hello")
    assert "swordfish" not in (await used(place, "/search", thread, words="swordfish")).answer
    assert "swordfish" in (await used(place, "/search", place.ada.dm, words="swordfish")).answer


async def test_export_sends_the_conversation_as_json(place: Talks) -> None:
    thread = await place.talk("keep this")
    interaction = await used(place, "/export", thread)
    (file,) = interaction.responses[0].attachments
    exported = json.loads(file.content)

    assert interaction.is_ephemeral
    assert [entry["message_content"] for entry in exported["history"]] == ["keep this", "You said: Ada: keep this"]


async def test_stats_counts_messages_and_tokens(place: Talks) -> None:
    thread = await place.talk()
    interaction = await used(place, "/stats", thread)
    assert "2 messages" in interaction.answer
    assert "tokens" in interaction.answer.lower()


async def test_a_refusal_is_for_the_asker_alone_where_the_answer_would_have_been_for_all(place: Talks) -> None:
    thread = await place.talk()
    interaction = await used(place, "/resume", thread, which="99")
    (refusal,) = interaction.responses

    assert refusal.is_ephemeral
    assert "99" in refusal.content


async def test_stop_without_a_running_answer_says_so(place: Talks) -> None:
    thread = await place.talk()
    interaction = await used(place, "/stop", thread)
    assert interaction.answer


async def test_retry_answers_again_and_the_old_answer_no_longer_counts(place: Talks) -> None:
    thread = await place.talk("a poem")
    place.model.queue(Says(["Roses are red."]))
    await place.ada.uses("/retry", thread)
    await place.discord.until(lambda: "Roses are red." in [a.content for a in place.answers(thread)], patience=PATIENCE)
    await place.says("and another", thread)

    assert "You said: Ada: a poem" not in str(place.model.requests[-1]["messages"])


async def test_retry_where_nothing_was_said_is_refused_in_a_sentence(place: Talks) -> None:
    interaction = await used(place, "/retry", place.ada.dm)
    assert interaction.is_ephemeral
    assert "Traceback" not in interaction.answer


async def test_help_names_every_command(place: Talks) -> None:
    interaction = await used(place, "/help", place.channel)
    registered = [c["name"] for c in place.discord.world.application.commands[None] if c["type"] == 1]
    assert registered
    assert all(f"/{name}" in interaction.answer for name in registered)


async def test_a_messages_menu_searches_for_its_words_and_summarises_its_conversation(place: Talks) -> None:
    thread = await place.talk("swordfish")
    target = next(
        message for message in place.discord.messages(thread) if message.content == "You said: Ada: swordfish"
    )
    found = await place.ada.uses_context_menu("Search for this", target)
    await found.answered(patience=PATIENCE)
    place.model.queue(Says(["It is about swordfish."]))
    summed = await place.ada.uses_context_menu("Summarise conversation", target)
    await summed.answered(patience=PATIENCE)

    assert "swordfish" in found.answer
    assert found.is_ephemeral
    assert summed.answer


async def test_a_message_without_words_is_not_searched_for_and_the_person_is_told(place: Talks) -> None:
    picture = await place.ada.says(place.channel, "", files={"shed.png": b"\x89PNG"})
    found = await place.ada.uses_context_menu("Search for this", picture)
    await found.answered(patience=PATIENCE)
    assert found.answer == "There are no words in that message to look for."
    assert found.is_ephemeral


async def test_feedback_is_stored_and_thanked_for(place: Talks) -> None:
    thread = await place.talk()
    (answer,) = place.answers(thread)
    clicked = await place.ada.clicks(answer, custom_id(answer, "good"))
    await clicked.answered(patience=PATIENCE)
    assert clicked.answer == "Thank you, noted."


async def test_only_the_latest_answer_can_be_given_again(place: Talks) -> None:
    thread = await place.talk()
    (first,) = place.answers(thread)
    button = custom_id(first, "retry")
    await place.says("next", thread)
    clicked = await place.ada.clicks(first, button)
    await clicked.answered(patience=PATIENCE)
    assert clicked.answer == "Only my latest answer can be given again."


async def test_commands_are_registered_once_and_not_again_at_the_next_start(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, FakeOpenAIServer() as model:
        async with echo_at(discord, model, tmp_path):
            pass
        async with echo_at(discord, model, tmp_path):
            await Talks(discord, model).talk()
        assert len(discord.requests("PUT", "/commands")) == 1
