"""Channels as DiscordChatExporter writes them."""

import pytest

from source.domain.errors import RefusedInputError
from tests.fakes.import_samples import discord, discord_export, discord_message


def test_a_channel_is_read_with_its_guild_and_people_by_their_ids() -> None:
    chat = discord(discord_export(discord_message(1, "Ann", "The gate squeaks"), discord_message(2, "Berta", "Oh")))
    assert (chat.name, chat.thread.thread_id, chat.thread.guild_id) == ("gates", "700", "900")
    assert chat.people == {"503": "Ann", "505": "Berta"}
    assert [(each.event_id, each.text) for each in chat.messages] == [
        ("1300000000000000001", "The gate squeaks"),
        ("1300000000000000002", "Oh"),
    ]


def test_who_may_read_a_channel_is_not_known_so_it_is_closed() -> None:
    assert discord(discord_export()).thread.circle == "700"
    assert discord(discord_export(guild="0")).thread.guild_id is None


def test_replies_quote_and_files_and_mentions_are_named() -> None:
    asked = discord_message(1, "Ann", "The gate squeaks")
    reply = discord_message(
        2,
        "Berta",
        "<@503> look",
        type="Reply",
        reference={"messageId": asked["id"]},
        mentions=[{"id": "503", "name": "ann"}],
        attachments=[{"fileName": "oil.png"}],
        timestampEdited="2026-03-16T09:00:00+00:00",
    )
    said = discord(discord_export(asked, reply)).messages[1]
    assert said.text == "> Ann: The gate squeaks\n\n@ann look\n\n[attached: oil.png]"
    assert said.was_edited


def test_what_discord_says_and_what_says_nothing_is_left_out_and_counted() -> None:
    pinned = discord_message(1, "Ann", "pinned a message", type="ChannelPinnedMessage")
    chat = discord(discord_export(pinned, discord_message(2, "Ann", ""), discord_message(3, "Ann", "Hi")))
    assert (len(chat.messages), chat.left_out) == (1, 2)


def test_what_cannot_be_read_is_counted() -> None:
    late = discord_message(1, "Ann", "When?", timestamp="yesterday")
    nobody = {**discord_message(2, "Ann", "Who?"), "author": None}
    chat = discord(discord_export(late, nobody, discord_message(3, "Ann", "Hi")))
    assert [each.number for each in chat.unread] == [1, 2]
    assert len(chat.messages) == 1


def test_echos_lines_are_told_by_name_or_id() -> None:
    both = discord_export(discord_message(1, "Ann", "Hi"), discord_message(2, "Berta", "Hello"))
    for name in ("Berta", "berta", "505"):
        assert [each.speaker is None for each in discord(both, me=(name,)).messages] == [False, True]
    with pytest.raises(RefusedInputError, match="nobody in this channel is called Zoe"):
        discord(both, me=("Zoe",))


def test_a_message_twice_in_a_file_is_one() -> None:
    twice = discord_message(1, "Ann", "Hi")
    assert len(discord(discord_export(twice, twice)).messages) == 1


@pytest.mark.parametrize("other", [{}, [], None, {"messages": []}, {"channel": {"id": "x"}, "messages": []}])
def test_another_json_is_refused(other: object) -> None:
    with pytest.raises(RefusedInputError, match="no channel exported by DiscordChatExporter"):
        discord(other)


def test_only_a_reply_quotes_what_it_refers_to() -> None:
    asked = discord_message(1, "Ann", "The gate squeaks")
    followed = discord_message(2, "Berta", "news", reference={"messageId": asked["id"]})
    assert discord(discord_export(asked, followed)).messages[1].text == "news"
