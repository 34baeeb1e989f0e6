"""Slash commands, menus of messages and buttons."""

from source.adapters.discord.commands.interactions import DiscordCommands
from source.adapters.discord.commands.surroundings import AnyInteraction, Place, Surroundings

__all__ = ["AnyInteraction", "DiscordCommands", "Place", "Surroundings"]
