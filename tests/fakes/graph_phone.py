"""A person's phone: what they write, tap and take back, as items of a webhook."""

from __future__ import annotations

from datetime import datetime

from tests.fakes.graph_errors import Json, problem
from tests.fakes.graph_items import Item
from tests.fakes.graph_people import Person, named, new_user_id
from tests.fakes.graph_sending import Sent, World


class Phone:
    """Writes for one person; what it writes opens the 24 hours, on whichever day its webhook arrives."""

    def __init__(self, world: World, person: Person) -> None:
        self.person = person
        self._world = world

    def text(self, body: str, *, replies_to: str | None = None, at: datetime | None = None) -> Item:
        return self.writes("text", {"body": body}, replies_to=replies_to, at=at)

    def image(self, content: bytes, *, mime_type: str = "image/jpeg", caption: str = "") -> Item:
        return self.sends("image", content, mime_type, caption=caption)

    def voice_note(self, content: bytes) -> Item:
        return self.sends("audio", content, "audio/ogg; codecs=opus", voice=True)

    def document(self, content: bytes, *, name: str, mime_type: str = "application/pdf", caption: str = "") -> Item:
        return self.sends("document", content, mime_type, name=name, caption=caption)

    def sends(
        self, kind: str, content: bytes, mime_type: str, *, name: str = "", caption: str = "", voice: bool = False
    ) -> Item:
        """A file of any kind. Meta adds its address since November 2025, "gradually"; it lasts five minutes."""
        file = self._world.media.receive(content, mime_type, name, kind)
        media: Json = {
            "mime_type": mime_type,
            "sha256": file.sha256,
            "id": file.id,
            "url": self._world.media.url_of(file),
        }
        if kind == "audio":
            media["voice"] = voice
        return self.writes(kind, media | named(filename=name, caption=caption))

    def taps(self, sent: Sent, button_id: str) -> Item:
        """Tap a reply button of a message that they got."""
        replies = [one["reply"] for one in sent.content["action"]["buttons"]]
        reply = next(one for one in replies if one["id"] == button_id)
        content = {"type": "button_reply", "button_reply": {"id": button_id, "title": reply["title"]}}
        return self.writes("interactive", content, replies_to=sent.id)

    def chooses(self, sent: Sent, row_id: str) -> Item:
        """Choose a row of a list that they got."""
        rows = [row for section in sent.content["action"]["sections"] for row in section["rows"]]
        row = next(one for one in rows if one["id"] == row_id)
        return self.writes("interactive", {"type": "list_reply", "list_reply": row}, replies_to=sent.id)

    def reacts(self, message_id: str, emoji: str) -> Item:
        """React to a message; an empty emoji takes that back."""
        return self.writes("reaction", {"message_id": message_id} | named(emoji=emoji))

    def edits(self, message_id: str, body: str) -> Item:
        """Change what was written. Meta documents this for numbers shared with the WhatsApp Business app only."""
        message = {"context": {"id": "M0"}, "type": "text", "text": {"body": body}}
        return self.writes("edit", {"original_message_id": message_id, "message": message}, opens=False)

    def revokes(self, message_id: str) -> Item:
        """Delete what was written, for everybody."""
        return self.writes("revoke", {"original_message_id": message_id}, opens=False)

    def unsupported(self, kind: str = "edit") -> Item:
        """What Meta does not pass on; it has for a time sent edits like this, too."""
        error = problem(131051, "Message type is currently not supported.").in_webhook()
        return self.writes("unsupported", {"type": kind}, beside={"errors": [error]})

    def changes_number(self, phone: str) -> Item:
        """Move to another number, which changes the business-scoped id as well."""
        return self._moves(phone, "user_changed_number", tells_phone=True)

    def changes_user_id(self, phone: str) -> Item:
        """The same for somebody whose number Meta withholds: only the ids are told."""
        return self._moves(phone, "user_changed_user_id", tells_phone=False)

    def writes(
        self,
        kind: str,
        content: Json,
        *,
        replies_to: str | None = None,
        at: datetime | None = None,
        opens: bool = True,
        beside: Json | None = None,
    ) -> Item:
        """A message of any kind, known or not; `beside` stands next to its content."""
        moment = at or self._world.clock.now()
        message = self._message(kind, content, moment) | (beside or {})
        if replies_to is not None:
            message = {"context": {"from": self._world.account.display_phone, "id": replies_to}, **message}
        if opens and (self.person.last_wrote is None or moment > self.person.last_wrote):
            self.person.last_wrote = moment
        return Item("messages", message, self.person.as_contact())

    def _message(self, kind: str, content: Json, at: datetime) -> Json:
        message_id = self._world.wamids.next(self.person.phone, inbound=True)
        self._world.written[message_id] = self.person
        stamp = str(int(at.timestamp()))
        return {**self.person.as_sender(), "id": message_id, "timestamp": stamp, "type": kind, kind: content}

    def _moves(self, phone: str, kind: str, *, tells_phone: bool) -> Item:
        """Meta (changelog of August 2026): both kinds carry the previous ids; pages of May 2026 have only the new."""
        person = self.person
        before = named(previous_user_id=person.user_id, previous_parent_user_id=person.parent_user_id)
        message = self._message("system", {}, self._world.clock.now())
        old_name = person.phone if tells_phone else person.user_id
        person.phone = phone
        if person.user_id:
            person.user_id = new_user_id(phone, person.user_id.partition(".")[0])
        self._world.people.know(person)
        new_name = phone if tells_phone else person.user_id
        message["system"] = {
            "body": f"User {person.name} changed from {old_name} to {new_name}",
            **named(wa_id=phone if tells_phone else None, user_id=person.user_id, parent_user_id=person.parent_user_id),
            **before,
            "type": kind,
        }
        return Item("messages", message)  # Meta: system messages "don't include a contacts array"
