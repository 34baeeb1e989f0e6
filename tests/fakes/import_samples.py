"""Exports made up for tests."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from source.domain.imports.chat import ExportedChat, WhoIsWho
from source.domain.imports.date_order import DateOrder
from source.domain.imports.discord import DiscordExport, discord_chat
from source.domain.imports.whatsapp import WhatsAppExport, whatsapp_chat

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)

GARDEN = """\
15/03/2026, 09:00 - Messages and calls are end-to-end encrypted.
15/03/2026, 09:01 - Ann: The garden gate squeaks
15/03/2026, 09:02 - Bob: I will oil it
tomorrow
15/03/2026, 09:03 - Ann: <Media omitted>
20/03/2026, 18:00 - Ann: It squeaks again, and the hinge is rusty
20/03/2026, 18:05 - Bob: Then I bring a new hinge
"""


def whatsapp(
    text: str,
    *,
    chat: str | None = None,
    zone: str = "UTC",
    dates: DateOrder | None = None,
    me: tuple[str, ...] = (),
    now: datetime = NOW,
) -> ExportedChat:
    return whatsapp_chat(text, WhatsAppExport(chat, ZoneInfo(zone), now, dates, WhoIsWho(frozenset(me))))


def discord(exported: object, *, me: tuple[str, ...] = ()) -> ExportedChat:
    return discord_chat(exported, DiscordExport(ZoneInfo("UTC"), NOW, WhoIsWho(frozenset(me))))


def discord_message(number: int, author: str, content: str, **more: object) -> dict[str, object]:
    """A message of DiscordChatExporter's; `number` is the minute in which it was written."""
    return {
        "id": str(1_300_000_000_000_000_000 + number),
        "type": "Default",
        "timestamp": f"2026-03-15T09:{number:02}:00.1234567+00:00",
        "timestampEdited": None,
        "content": content,
        "author": {"id": str(500 + len(author)), "name": author.lower(), "nickname": author, "isBot": False},
        "attachments": [],
        "mentions": [],
        **more,
    }


def discord_export(*messages: dict[str, object], guild: str = "900") -> dict[str, object]:
    return {
        "guild": {"id": guild, "name": "Garden club"},
        "channel": {"id": "700", "type": "GuildTextChat", "name": "gates"},
        "messages": list(messages),
        "messageCount": len(messages),
    }


def as_json(exported: object) -> str:
    return json.dumps(exported, ensure_ascii=False, indent=2)
