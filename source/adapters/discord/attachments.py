"""Files that people attach."""

import asyncio
import codecs
from collections.abc import Sequence
from pathlib import PurePosixPath

import aiohttp
import discord
import structlog

from source.adapters.discord.message_text import fenced

log = structlog.get_logger(__name__)

LONGEST_TEXT_BYTES = 64 * 1024
_MOST_FILES_READ = 5
_READ_SECONDS = 10.0
_TEXT_TYPES = (
    "text/",
    *(f"application/{kind}" for kind in ("json", "xml", "toml", "yaml", "x-yaml", "sql", "javascript", "x-sh")),
)
_TEXT_SUFFIXES = (
    *(".txt", ".md", ".rst", ".tex", ".log", ".csv", ".tsv", ".srt", ".diff", ".patch", ".html", ".css", ".svg"),
    *(".xml", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".env", ".sql", ".sh", ".bat", ".lua"),
    *(".py", ".rb", ".rs", ".go", ".c", ".h", ".cpp", ".hpp", ".cs", ".java", ".js", ".jsx", ".ts", ".tsx", ".kt"),
)


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
    facts = [attachment.filename, attachment.content_type or "", f"{max(1, round(attachment.size / 1024))} kB"]
    if attachment.duration:
        facts.append(f"{round(attachment.duration)} s")
    return f"[attached: {', '.join(fact for fact in facts if fact)}]"


def _is_short_text(attachment: discord.Attachment) -> bool:
    kind = (attachment.content_type or "").lower()
    is_text = kind.startswith(_TEXT_TYPES)
    suffix = PurePosixPath(attachment.filename).suffix.lower()
    return attachment.size <= LONGEST_TEXT_BYTES and (is_text or suffix in _TEXT_SUFFIXES)


async def _text_of(attachment: discord.Attachment) -> str | None:
    try:
        async with asyncio.timeout(_READ_SECONDS):
            content = await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError, ValueError) as error:
        log.warning("attachment_not_read", error=type(error).__name__, size_bytes=attachment.size)
        return None
    return decoded(content)


def decoded(content: bytes) -> str | None:
    """Return a file's text; None when it is no text."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or len(content) > LONGEST_TEXT_BYTES else text
