"""Files that people attach."""

import asyncio
from collections.abc import Sequence

import aiohttp
import discord
import structlog

from source.domain import text_files
from source.domain.text_files import LONGEST_TEXT_BYTES, decoded, fenced

log = structlog.get_logger(__name__)

_MOST_FILES_READ = 5
_READ_SECONDS = 10.0


async def described(attachments: Sequence[discord.Attachment]) -> list[str]:
    """Return each file as text: what is in it when it is a short text, else its name."""
    texts = [each for each in attachments if _is_short_text(each)][:_MOST_FILES_READ]
    contents = dict(zip(texts, await asyncio.gather(*map(_text_of, texts)), strict=True))
    described = []
    for each in attachments:
        text = contents.get(each)
        described.append(named(each) if text is None else fenced(each.filename, text))
    return described


def named(attachment: discord.Attachment) -> str:
    """Return a line that names a file."""
    seconds = attachment.duration or 0.0
    return text_files.named(attachment.filename, attachment.content_type or "", attachment.size, seconds=seconds)


def _is_short_text(attachment: discord.Attachment) -> bool:
    is_text = text_files.is_text(attachment.filename, attachment.content_type or "")
    return attachment.size <= LONGEST_TEXT_BYTES and is_text


async def _text_of(attachment: discord.Attachment) -> str | None:
    try:
        async with asyncio.timeout(_READ_SECONDS):
            content = await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError, ValueError) as error:
        log.warning("attachment_not_read", error=type(error).__name__, size_bytes=attachment.size)
        return None
    return decoded(content)
