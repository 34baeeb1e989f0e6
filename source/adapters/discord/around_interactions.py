"""Places, people and permissions, as commands and buttons need them."""

import discord
import structlog

from source.adapters.discord.channel_access import ChannelAccess
from source.adapters.discord.commands import AnyInteraction, Place
from source.adapters.discord.places import Kind, kind_of, person, thread_ref
from source.adapters.discord.places import Place as Venue
from source.adapters.discord.threads import Threads
from source.domain.errors import RefusedInputError
from source.domain.thread import PersonRef, ThreadRef
from source.ports.channel import Channel

log = structlog.get_logger(__name__)

_NOWHERE = "I don't know this place. Use the command in a channel, in a thread or in our direct messages."


class AroundInteractions:
    """What surrounds an interaction; implements `Surroundings`."""

    def __init__(self, client: discord.Client, access: ChannelAccess, threads: Threads, channel: Channel) -> None:
        self._client = client
        self._access = access
        self._threads = threads
        self._channel = channel

    @property
    def channel(self) -> Channel:
        return self._channel

    def place_of(self, interaction: AnyInteraction) -> Place:
        place = _known(interaction)
        return Place(thread_ref(place), kind_of(place) is not Kind.CHANNEL)

    def person_of(self, interaction: AnyInteraction) -> PersonRef:
        return person(interaction.user)

    def check(self, interaction: AnyInteraction) -> None:
        self._access.check(interaction.user, _known(interaction))

    def is_unlimited(self, interaction: AnyInteraction) -> bool:
        return self._access.is_unlimited(interaction.user, _known(interaction))

    async def open_thread(self, interaction: AnyInteraction, topic: str) -> ThreadRef:
        return thread_ref(await self._threads.open_in(interaction.channel, interaction.user, topic))

    async def put_away(self, thread: ThreadRef, *, archived: bool) -> bool:
        """A thread that Discord does not let Echo move stays where it is: the conversation's state counts."""
        if thread.guild_id is None:
            return True
        try:
            place = self._client.get_channel(int(thread.thread_id))
            if place is None:
                place = await self._client.fetch_channel(int(thread.thread_id))
            if isinstance(place, discord.Thread) and place.archived is not archived:
                await place.edit(archived=archived)
        except discord.HTTPException as error:
            log.warning("thread_not_moved", archived=archived, status=error.status, code=error.code)
            return False
        return True


def _known(interaction: AnyInteraction) -> Venue:
    place = interaction.channel
    if place is None or isinstance(place, discord.ForumChannel | discord.CategoryChannel):
        raise RefusedInputError(_NOWHERE)
    if kind_of(place) is None:
        raise RefusedInputError(_NOWHERE)
    return place
