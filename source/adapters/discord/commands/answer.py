"""Answers to interactions: acknowledged at once, given when there is something to say."""

import io
import re
from collections.abc import Sequence
from typing import Final

import discord
import structlog

from source.adapters.discord.commands.surroundings import AnyInteraction
from source.domain.reply_text import split
from source.domain.thread import ThreadRef
from source.services.commands import CommandReply
from source.services.commands.vocabulary import Line

log = structlog.get_logger(__name__)

# Discord: 2,000 characters a message.
_LIMIT: Final = 2_000
_MOST_MESSAGES: Final = 5
_NO_PINGS: Final = discord.AllowedMentions.none()
_BARE_URL: Final = re.compile(r"(?<![<(\[])\bhttps?://[^\s<>)]+")
_NOTHING_TO_ADD: Final = "Done."


async def acknowledge(interaction: AnyInteraction, *, private: bool) -> bool:
    """Tell Discord within its 3 seconds that an answer is coming; False when it was too late for that."""
    return await _acknowledged(interaction, thinking=True, private=private)


async def acknowledge_click(interaction: AnyInteraction) -> bool:
    """Tell Discord that a click was seen; the message stays as it is."""
    return await _acknowledged(interaction, thinking=False, private=True)


async def _acknowledged(interaction: AnyInteraction, *, thinking: bool, private: bool) -> bool:
    try:
        await interaction.response.defer(ephemeral=private, thinking=thinking)
    except discord.HTTPException as error:
        log.warning("interaction_not_acknowledged", status=error.status, code=error.code)
        return False
    return True


async def give(interaction: AnyInteraction, reply: CommandReply, *, private: bool) -> None:
    """Give the answer in place of "thinking"; an empty one takes that away."""
    text = _linked(reply.lines, reply.thread) if reply.lines else _pointing(reply)
    if not text and reply.file is None:
        await interaction.delete_original_response()
        return
    first, *more = _messages(text)
    files = [discord.File(io.BytesIO(reply.file.content), reply.file.name)] if reply.file else []
    if len(more) >= _MOST_MESSAGES:
        files.append(discord.File(io.BytesIO(text.encode()), "answer.md"))
        more = []
    await interaction.edit_original_response(content=first, attachments=files, allowed_mentions=_NO_PINGS)
    for message in more:
        await interaction.followup.send(
            message, ephemeral=private, allowed_mentions=_NO_PINGS, suppress_embeds=True, wait=True
        )


async def tell(interaction: AnyInteraction, sentence: str, *, is_click: bool = False, was_public: bool = False) -> None:
    """Say one plain sentence to the person alone; what Discord refuses is logged.

    Where all would have seen the answer, the place that was kept for it is given back first.
    """
    try:
        if was_public:
            await interaction.delete_original_response()
        if is_click or was_public:
            await interaction.followup.send(sentence, ephemeral=True, allowed_mentions=_NO_PINGS)
        else:
            await interaction.edit_original_response(content=sentence, allowed_mentions=_NO_PINGS)
    except discord.HTTPException as error:
        log.warning("interaction_not_answered", status=error.status, code=error.code)


def message_link(thread: ThreadRef, event_id: str | None = None) -> str:
    """Return the address of a thread, or of a message in it."""
    place = f"https://discord.com/channels/{thread.guild_id or '@me'}/{thread.thread_id}"
    return f"{place}/{event_id}" if event_id else place


def without_previews(text: str) -> str:
    """Return the text with every bare link in angle brackets, which Discord shows without a preview."""
    return _BARE_URL.sub(lambda found: f"<{found.group()}>", text)


def _linked(lines: Sequence[Line], elsewhere: ThreadRef | None) -> str:
    shown = (_line(line) for line in lines)
    tail = [f"<#{elsewhere.thread_id}>"] if elsewhere else []
    return "\n".join([*shown, *tail])


def _line(line: Line) -> str:
    text = without_previews(line.text)
    return f"{text} [↗](<{message_link(line.thread, line.event_id)}>)" if line.thread else text


def _pointing(reply: CommandReply) -> str:
    text = without_previews(reply.text)
    return f"{text} <#{reply.thread.thread_id}>".strip() if reply.thread and reply.thread.guild_id else text


def _messages(text: str) -> list[str]:
    chunks = [chunk.text for chunk in split(text, _LIMIT)]
    return chunks or [_NOTHING_TO_ADD]
