"""Everything that is kept about one person, as a file for them."""

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from source.domain.conversation_head import StoredConversation
from source.domain.leaving import replies_to
from source.domain.message import Message, MessageType
from source.ports.clock import Clock
from source.ports.people import Alias
from source.ports.privacy import PersonExport, PersonReading, Who
from source.services.audit import HANDED_OVER, AuditLog

_ZIPPED_FROM_BYTES: Final = 1_000_000

Json = dict[str, object]


class Loads(Protocol):
    """What is needed of the store."""

    async def load(self, conversation_id: int) -> StoredConversation | None: ...


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, and what kind of file it is."""

    name: str
    content: bytes
    media_type: str


class MyData:
    """Gathers what is one person's: of conversations with others only what they said and what Echo answered them."""

    def __init__(
        self, reading: PersonReading, export: PersonExport, store: Loads, audit: AuditLog, clock: Clock
    ) -> None:
        self._audit = audit
        self._reading = reading
        self._export = export
        self._store = store
        self._clock = clock

    async def file_of(self, who: Who, *, asked_by: str) -> DataFile:
        """Return everything as JSON that people can read, zipped when it is large; the audit log knows of it."""
        content = json.dumps(await self.gathered(who), indent=2, ensure_ascii=False, default=_plain).encode(
            "utf-8", "backslashreplace"
        )
        await self._audit.note(HANDED_OVER, asked_by, {"bytes": len(content)})
        name = f"my-data-{self._clock.now():%Y-%m-%d}-{who.person_id}"
        if len(content) < _ZIPPED_FROM_BYTES:
            return DataFile(f"{name}.json", content, "application/json")
        return DataFile(f"{name}.zip", _zipped(f"{name}.json", content), "application/zip")

    async def gathered(self, who: Who) -> Json:
        """Return everything that is kept about the person."""
        exported = await self._export.everything_of(who)
        conversations = []
        for conversation_id in await self._reading.conversations_of(who, None):
            stored = await self._store.load(conversation_id)
            if stored is not None:
                conversations.append(_conversation(stored, who))
        return {
            "made_at": self._clock.now(),
            "person_id": who.person_id,
            "names": [_alias(alias) for alias in who.aliases],
            "conversations": conversations,
            **{kind: list(rows) for kind, rows in exported.rows.items()},
        }


def _conversation(stored: StoredConversation, who: Who) -> Json:
    """Return what is theirs of a conversation; what tells of all of it only where nobody else spoke."""
    head, ids = stored.head, who.ids_on(stored.head.thread.platform)
    own = {each.message_id for each in stored.messages if each.requester in ids}
    replies = replies_to(stored.messages, own)
    others = any(each.is_from_person and each.message_id not in own for each in stored.messages)
    shown = [each for each in stored.messages if each.message_id in own or each.message_id in replies]
    told: Json = {} if others or head.requester not in ids else {"title": head.title, "summary": head.summary}
    return {
        "conversation_id": head.conversation_id,
        "platform": head.thread.platform.value,
        "thread_id": head.thread.thread_id,
        "guild_id": head.thread.guild_id,
        "guild_name": head.thread.guild_name,
        "state": head.state.value,
        "created_at": head.created_at,
        "is_shared": others,
        **told,
        "messages": [_message(each, own) for each in shown if _is_said(each)],
    }


def _is_said(message: Message) -> bool:
    return message.is_kept and message.message_type is MessageType.CHAT


def _message(message: Message, own: set[int]) -> Json:
    return {
        "message_id": message.message_id,
        "created_at": message.created_at,
        "edited_at": message.edited_at,
        "from": "me" if message.message_id in own else "the business" if message.is_of_business else "Echo",
        "text": message.message_content,
    }


def _alias(alias: Alias) -> Json:
    return {"platform": alias.platform.value, "id": alias.external_id, "name": alias.display_name}


def _zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return packed.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
