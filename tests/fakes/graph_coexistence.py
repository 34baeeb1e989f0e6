"""A number that is in the owner's WhatsApp Business app as well: echoes, history, the address book."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.fakes.graph_errors import Json
from tests.fakes.graph_items import Item
from tests.fakes.graph_people import Person, named
from tests.fakes.graph_sending import World


@dataclass(frozen=True, slots=True)
class Past:
    """A message from before Echo; `status` is its last (DELIVERED, ERROR, PENDING, PLAYED, READ, SENT).

    Of a file the chunk has only the kind `media_placeholder`; what it was comes by itself, see `history_file`.
    """

    at: datetime
    text: str
    from_owner: bool = False
    status: str = "READ"
    kind: str = "text"
    id: str = ""


class OwnersPhone:
    """What the owner does in the app on their phone."""

    def __init__(self, world: World) -> None:
        self._world = world

    def writes(self, person: Person, body: str) -> Item:
        """Answer a customer by hand; it does not open the 24 hours."""
        return self._echo(person, "text", {"body": body})

    def edits(self, person: Person, message_id: str, body: str) -> Item:
        message = {"context": {"id": "M0"}, "type": "text", "text": {"body": body}}
        return self._echo(person, "edit", {"original_message_id": message_id, "message": message})

    def revokes(self, person: Person, message_id: str) -> Item:
        return self._echo(person, "revoke", {"original_message_id": message_id})

    def saves_contact(self, person: Person, full_name: str, *, action: str = "add") -> Item:
        """`smb_app_state_sync`: the address book; removing somebody tells no names."""
        names = named(full_name=full_name, first_name=full_name.partition(" ")[0]) if action == "add" else {}
        value = {
            "type": "contact",
            "contact": {**names, "phone_number": person.phone},
            "action": action,
            "metadata": {"timestamp": _stamp(self._world.clock.now())},
        }
        return Item("state_sync", value, field="smb_app_state_sync")

    def history(self, threads: Mapping[Person, Sequence[Past]], *, per_chunk: int = 2000, phase: int = 1) -> list[Item]:
        """All that was said, in chunks of so many messages, each to be posted on its own and in any order."""
        everything = [(person, past) for person, told in threads.items() for past in told]
        chunks = [everything[start : start + per_chunk] for start in range(0, len(everything), per_chunk)]
        return [self._chunk(chunk, phase, number, len(chunks)) for number, chunk in enumerate(chunks, 1)]

    def history_file(self, person: Person, past: Past, content: bytes, mime_type: str = "image/jpeg") -> Item:
        """The file of a `media_placeholder`: a message, but in the field `history`, so not to be answered."""
        file = self._world.media.receive(content, mime_type)
        media = {"mime_type": mime_type, "sha256": file.sha256, "id": file.id} | named(caption=past.text)
        sender = self._world.account.display_phone if past.from_owner else person.phone
        head = {"from": sender, "id": past.id, "timestamp": _stamp(past.at), "type": file.kind}
        return Item("messages", {**head, file.kind: media}, field="history")

    def declines_history(self) -> Item:
        title = "History sync is turned off by the business from the WhatsApp Business App"
        details = {"details": "History sharing is turned off by the business"}
        error = {"code": 2593109, "title": title, "message": title, "error_data": details}
        return Item("history", {"errors": [error]}, field="history")

    def _echo(self, person: Person, kind: str, content: Json) -> Item:
        value = {
            "from": self._world.account.display_phone,
            **person.as_receiver(),
            "id": self._world.wamids.next(person.phone, inbound=False),
            "timestamp": _stamp(self._world.clock.now()),
            "type": kind,
            kind: content,
        }
        # Meta's page of echoes (April 2026) shows no `contacts`; its page of business-scoped ids has them.
        contact = named(wa_id=person.wa_id, user_id=person.user_id, parent_user_id=person.parent_user_id)
        return Item("message_echoes", value, contact if person.user_id else None, field="smb_message_echoes")

    def _chunk(self, chunk: Sequence[tuple[Person, Past]], phase: int, number: int, count: int) -> Item:
        threads = [
            {"id": person.phone, "messages": [self._told(person, past) for _, past in told]}
            for person, told in itertools.groupby(chunk, key=lambda one: one[0])
        ]
        metadata = {"phase": phase, "chunk_order": number, "progress": 100 * number // count}
        return Item("history", {"metadata": metadata, "threads": threads}, field="history")

    def _told(self, person: Person, past: Past) -> Json:
        owner = {"from": self._world.account.display_phone, "to": person.phone}
        message: Json = {
            **(owner if past.from_owner else {"from": person.phone}),
            "id": past.id or self._world.wamids.next(person.phone, inbound=not past.from_owner),
            "timestamp": _stamp(past.at),
            "type": past.kind,
        }
        if past.kind == "text":
            message["text"] = {"body": past.text}
        return message | {"history_context": {"status": past.status}}


def _stamp(at: datetime) -> str:
    return str(int(at.timestamp()))
