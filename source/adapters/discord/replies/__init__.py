"""Replies on Discord: shown while they come, delivered whole, once."""

from source.adapters.discord.replies.channel import DiscordChannel
from source.adapters.discord.replies.hearing import answers_trace
from source.adapters.discord.replies.reply import DiscordReply

__all__ = ["DiscordChannel", "DiscordReply", "answers_trace"]
