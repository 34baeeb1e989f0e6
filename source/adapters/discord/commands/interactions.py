"""Every interaction that Discord sends, to where it is handled."""

import discord

from source.adapters.discord.commands.buttons import Buttons, Turns
from source.adapters.discord.commands.payload import Payload, command_payloads
from source.adapters.discord.commands.slash import SlashCommands
from source.adapters.discord.commands.surroundings import AnyInteraction, Surroundings
from source.domain.message import Message, MessageType
from source.domain.thread import ThreadRef
from source.ports.clock import Clock
from source.ports.store import ChannelStore
from source.services.commands import CommandService

# A turn may end with several messages of tools; its reply is among the last of them.
_LOOKED_THROUGH = 100


class DiscordCommands:
    """Echo's commands and buttons on Discord; nothing of them is kept in memory."""

    def __init__(
        self, commands: CommandService, turns: Turns, store: ChannelStore, clock: Clock, surroundings: Surroundings
    ) -> None:
        self._commands = commands
        self._slash = SlashCommands(commands, surroundings)
        self._buttons = Buttons(turns, store, surroundings, clock, last_reply=self._last_reply)

    @property
    def payloads(self) -> list[Payload]:
        """What is to be registered with Discord."""
        return command_payloads(self._commands.vocabulary)

    async def handle(self, interaction: AnyInteraction) -> None:
        """Answer an interaction, whatever kind it is of."""
        match interaction.type:
            case discord.InteractionType.application_command:
                await self._slash.run(interaction)
            case discord.InteractionType.autocomplete:
                await self._slash.suggest(interaction)
            case discord.InteractionType.component:
                await self._buttons.click(interaction)
            case _:
                pass

    async def _last_reply(self, thread: ThreadRef) -> Message | None:
        messages = await self._commands.history(thread, _LOOKED_THROUGH)
        replies = (m for m in reversed(messages) if m.message_type is MessageType.CHAT and m.requester is None)
        return next((reply for reply in replies if reply.is_kept), None)
