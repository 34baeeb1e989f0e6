"""What commands need of the rest of the Discord adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import discord

from source.domain.thread import PersonRef, ThreadRef
from source.ports.channel import Channel

AnyInteraction = discord.Interaction[discord.Client]
# Any: a payload of Discord's, as discord.py hands it on.
Data = Mapping[str, Any]


def data_of(interaction: AnyInteraction) -> Data:
    """Return what came with an interaction; empty when nothing did."""
    return cast(Data, interaction.data or {})  # one of several TypedDicts, of which the type says which


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interaction happened, as the core sees it; `holds_dialogue` is False for a text channel."""

    thread: ThreadRef
    holds_dialogue: bool


class Surroundings(Protocol):
    """Places, people and permissions."""

    @property
    def channel(self) -> Channel:
        """Where replies go."""
        ...

    def place_of(self, interaction: AnyInteraction) -> Place: ...

    def person_of(self, interaction: AnyInteraction) -> PersonRef: ...

    def check(self, interaction: AnyInteraction) -> None:
        """Raises: RefusedInputError: this person may not talk with Echo here."""
        ...

    def is_unlimited(self, interaction: AnyInteraction) -> bool:
        """Whether no limit binds this person here."""
        ...

    async def open_thread(self, interaction: AnyInteraction, topic: str) -> ThreadRef:
        """Open a thread in the text channel of the interaction, with its person in it.

        Raises: RefusedInputError: Discord does not let Echo.
        """
        ...

    async def put_away(self, thread: ThreadRef, *, archived: bool) -> bool:
        """Archive the thread on Discord, or bring it back; False: Discord did not let Echo.

        A direct message is left alone.
        """
        ...
