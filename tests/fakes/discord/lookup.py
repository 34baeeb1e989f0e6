"""Finding things of this Discord by their name or id."""

from __future__ import annotations

from tests.fakes.discord.channel import Channel
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.interaction import Interaction
from tests.fakes.discord.message import Message
from tests.fakes.discord.person import Person
from tests.fakes.discord.server import FakeDiscord

Key = str | int


def guild_of(server: FakeDiscord, key: Key | None = None) -> Guild:
    """A guild; without a key the first one."""
    found = [one for one in server.world.guilds.values() if key is None or _fits(key, one.id, one.name)]
    if not found:
        raise LookupError(f"no guild {key!r}")
    return found[0]


def channel_of(server: FakeDiscord, key: Key) -> Channel:
    if isinstance(key, str) and key.startswith("@"):
        return person_of(server, key[1:]).dm
    found = [one for one in server.world.channels.values() if _fits(key, one.id, one.name)]
    if not found:
        raise LookupError(f"no channel {key!r}")
    return found[0]


def person_of(server: FakeDiscord, key: Key) -> Person:
    user = next((one for one in server.world.users.values() if _fits(key, one.id, one.name)), None)
    if user is None:
        raise LookupError(f"no person {key!r}")
    guild = next((one for one in server.world.guilds.values() if user.id in one.members), None)
    return Person(server.world, user, guild)


def message_of(server: FakeDiscord, channel: Key, message: Key) -> Message:
    """A message of a channel, or an answer that only one person sees."""
    place, wanted = channel_of(server, channel), int(message)
    own = (one for call in server.world.interactions.values() for one in call.responses if one.channel is place)
    found = place.message(wanted) or next((one for one in own if one.id == wanted), None)
    if found is None:
        raise LookupError(f"no message {message!r} in {channel!r}")
    return found


def interaction_of(server: FakeDiscord, key: Key) -> Interaction:
    found = next((one for one in server.world.interactions.values() if one.id == int(key)), None)
    if found is None:
        raise LookupError(f"no interaction {key!r}")
    return found


def _fits(key: Key, found_id: int, name: str) -> bool:
    return key in (found_id, name, str(found_id))
