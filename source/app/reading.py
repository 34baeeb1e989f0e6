"""Commands that read what is stored, beside whichever process owns the data folder."""

import json
import re
from dataclasses import asdict
from datetime import datetime
from typing import Final

import click

from source.adapters.terminal.screen import printable
from source.app.composition import open_reader
from source.app.settings import Settings
from source.domain.conversation_head import CreatedReason, StoredConversation
from source.domain.message import Message, Standing, as_utc
from source.domain.transcript import encode_transcript
from source.ports.store import ConversationListing

BEGUN: Final = {
    CreatedReason.FIRST_MESSAGE: "by a first message",
    CreatedReason.WINDOW_PASSED: "after a long pause",
    CreatedReason.NEW_COMMAND: "with /new",
    CreatedReason.TOPIC_COMMAND: "with /new and a topic",
    CreatedReason.FRESH_COMMAND: "with /new fresh",
    CreatedReason.AFTER_ARCHIVE: "after an archived one",
    CreatedReason.AFTER_END: "after an ended one",
    CreatedReason.API: "over the API",
    CreatedReason.IMPORT: "elsewhere, and imported",
}
# JSON leaves DEL and C1 as they are; a terminal would obey them.
_RAW_CONTROLS = re.compile("[\x7f-\x9f]")


async def list_conversations(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print one line for each conversation, or a JSON array."""
    async with open_reader(settings) as catalog:
        listings, total = await catalog.listing(limit=limit), await catalog.count()
    if as_json:
        click.echo(_harmless(json.dumps([asdict(listing) for listing in listings], default=_plain, indent=2)))
        return 0
    for listing in listings:
        click.echo(listing_line(listing))
    if total > len(listings):
        click.echo(f"The latest {len(listings):,} of {total:,}; --limit shows more.", err=True)
    elif not listings:
        click.echo("There is no conversation yet.", err=True)
    return 0


async def show_conversation(settings: Settings, conversation_id: int, *, as_json: bool) -> int:
    """Print a whole conversation, for people or as its transcript has it."""
    async with open_reader(settings) as catalog:
        stored = await catalog.load(conversation_id)
    if stored is None:
        click.echo(f"There is no conversation {conversation_id}; `python bot.py conversations` lists them.", err=True)
        return 1
    click.echo(_harmless(encode_transcript(stored).decode("utf-8")) if as_json else _shown(stored))
    return 0


def listing_line(listing: ConversationListing) -> str:
    """Return id, day, state, size, place and title in one line."""
    title = printable(listing.title or listing.summary or "").replace("\n", " ")
    when = f"{(listing.last_message_at or listing.created_at).astimezone():%Y-%m-%d %H:%M}"
    place = printable(f"{listing.thread.platform}/{listing.thread.thread_id}")
    return (
        f"{listing.conversation_id}  {when}  {listing.state:<8}  {listing.message_count:>6}  {place}  {title}".rstrip()
    )


def _shown(stored: StoredConversation) -> str:
    head = stored.head
    lines = [
        f"Conversation {head.conversation_id} on {head.thread.platform}, thread {head.thread.thread_id}",
        f"{head.state}, begun {BEGUN[head.created_reason]} on {head.created_at.astimezone():%Y-%m-%d %H:%M}",
    ]
    if head.title:
        lines.append(f"Title: {head.title}")
    if head.parent_conversation_id:
        lines.append(f"Follows conversation {head.parent_conversation_id}")
    if head.carried_summary:
        lines.append(f"Began with: {head.carried_summary}")
    if head.summary:
        lines.append(f"Summary: {head.summary}")
    return printable("\n".join([*lines, "", *(_message_line(message, stored) for message in stored.messages)]))


def _message_line(message: Message, stored: StoredConversation) -> str:
    said_at = f"{as_utc(message.created_at).astimezone():%Y-%m-%d %H:%M}"
    if message.standing is Standing.DELETED:
        return f"{said_at} … (deleted)"  # whose it was may be forgotten too
    speaker = stored.people.get(message.requester, message.requester) if message.requester else "Echo"
    kind = "" if message.message_type == "chat" else f" ({message.message_type})"
    stopped = " (stopped)" if message.interrupted else ""
    return f"{said_at} {speaker}{kind} › {message.message_content}{stopped}"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _harmless(text: str) -> str:
    return _RAW_CONTROLS.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
