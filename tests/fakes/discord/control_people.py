"""Verbs of people: what somebody does on Discord."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.discord.lookup import Key, channel_of, interaction_of, message_of, person_of
from tests.fakes.discord.server import FakeDiscord
from tests.fakes.discord.views import interaction_view, message_view
from tests.fakes.discord.wire import Json


async def says(
    server: FakeDiscord,
    *,
    person: Key,
    channel: Key,
    text: str,
    replying_to: Key | None = None,
    files: Mapping[str, str] | None = None,
) -> Json:
    place = channel_of(server, channel)
    answered = None if replying_to is None else message_of(server, channel, replying_to)
    contents = {name: content.encode() for name, content in (files or {}).items()}
    return message_view(await person_of(server, person).says(place, text, replying_to=answered, files=contents))


async def edits(server: FakeDiscord, *, person: Key, channel: Key, message: Key, text: str) -> None:
    await person_of(server, person).edits(message_of(server, channel, message), text)


async def deletes(server: FakeDiscord, *, person: Key, channel: Key, message: Key) -> None:
    await person_of(server, person).deletes(message_of(server, channel, message))


async def reacts(server: FakeDiscord, *, person: Key, channel: Key, message: Key, emoji: str) -> None:
    await person_of(server, person).reacts(message_of(server, channel, message), emoji)


async def opens_thread(server: FakeDiscord, *, person: Key, channel: Key, message: Key, name: str) -> int:
    thread = await person_of(server, person).opens_thread(message_of(server, channel, message), name)
    return thread.id


async def posts(server: FakeDiscord, *, person: Key, forum: Key, title: str, text: str) -> int:
    thread, _ = await person_of(server, person).posts(channel_of(server, forum), title, text)
    return thread.id


async def archives(server: FakeDiscord, *, person: Key, thread: Key, locked: bool | None = None) -> None:
    await person_of(server, person).archives(channel_of(server, thread), locked=locked)


async def uses(
    server: FakeDiscord, *, person: Key, command: str, channel: Key, options: Mapping[str, object] | None = None
) -> Json:
    place = channel_of(server, channel)
    return interaction_view(await person_of(server, person).uses(command, place, options=options))


async def autocompletes(
    server: FakeDiscord,
    *,
    person: Key,
    command: str,
    channel: Key,
    option: str,
    typed: str,
    options: Mapping[str, object] | None = None,
) -> Json:
    place = channel_of(server, channel)
    asked = await person_of(server, person).autocompletes(command, place, option, typed, options=options)
    await asked.acknowledged()
    return interaction_view(asked)


async def uses_context_menu(server: FakeDiscord, *, person: Key, name: str, channel: Key, message: Key) -> Json:
    target = message_of(server, channel, message)
    return interaction_view(await person_of(server, person).uses_context_menu(name, target))


async def clicks(
    server: FakeDiscord,
    *,
    person: Key,
    channel: Key,
    message: Key,
    custom_id: str,
    values: list[str] | None = None,
) -> Json:
    target = message_of(server, channel, message)
    return interaction_view(await person_of(server, person).clicks(target, custom_id, values=values))


async def submits(server: FakeDiscord, *, person: Key, interaction: Key, values: Mapping[str, str]) -> Json:
    shown = interaction_of(server, interaction)
    return interaction_view(await person_of(server, person).submits(shown, values))


PEOPLE_VERBS = {
    one.__name__: one
    for one in (
        says,
        edits,
        deletes,
        reacts,
        opens_thread,
        posts,
        archives,
        uses,
        autocompletes,
        uses_context_menu,
        clicks,
        submits,
    )
}
