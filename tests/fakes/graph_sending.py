"""How a message of the business is taken, refused or lost on its way to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from source.ports.clock import Clock
from tests.fakes.graph_account import Account, Wamids
from tests.fakes.graph_errors import Json, Problem, RefusedError, problem, refused
from tests.fakes.graph_media import MediaStore
from tests.fakes.graph_people import People, Person
from tests.fakes.graph_rates import Rates
from tests.fakes.graph_rules import check_message, check_read


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A message that was taken; with a `failure` it never reached the person, which a status tells."""

    id: str
    person: Person
    kind: str
    body: Json
    at: datetime
    to_phone: bool
    failure: Problem | None = None

    @property
    def content(self) -> Json:
        found: Json = self.body[self.kind]
        return found

    @property
    def text(self) -> str:
        """What can be read: the text, the caption, the emoji, the name of the template."""
        if self.kind == "interactive":
            return str(self.content["body"]["text"])
        names = {"text": "body", "reaction": "emoji", "template": "name"}
        return str(self.content.get(names.get(self.kind, "caption"), ""))

    @property
    def tracker(self) -> str | None:
        return self.body.get("biz_opaque_callback_data")

    @property
    def replies_to(self) -> str | None:
        context: Json = self.body.get("context", {})
        return context.get("message_id")


@dataclass(frozen=True, slots=True)
class Read:
    """A message of a person's that the business marked as read, perhaps while typing."""

    message_id: str
    person: Person
    typing: bool
    at: datetime


@dataclass(slots=True)
class World:
    """Everything on Meta's side.

    The errors in `late` are told by a status after the message was taken, as Meta often does with 131026 and
    131047 ("either synchronously, asynchronously via Webhook, or sometimes through both"); all others at once.
    """

    clock: Clock
    account: Account
    media: MediaStore
    rates: Rates
    people: People = field(default_factory=People)
    wamids: Wamids = field(default_factory=Wamids)
    sent: list[Sent] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    written: dict[str, Person] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)
    listeners: list[Callable[[Sent], None]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def receiver_of(self, body: Json) -> Person | None:
        """Whom a request is about, as far as that is known."""
        if body.get("status") == "read":
            return self.written.get(str(body.get("message_id")))
        if body.get("to"):
            return self.people.by_phone(str(body["to"]))
        return self.people.by_user_id(str(body.get("recipient")))

    def take(self, body: Json) -> Json:
        """Take a message and return Graph's answer.

        Raises:
            RefusedError: nothing was taken.
        """
        check_message(body, self.account, self.media)
        person = self.receiver_of(body) or Person("", str(body.get("to") or ""), None, on_whatsapp=False)
        trouble = self._trouble_with(person, body)
        if trouble is not None and trouble.code not in self.late:
            raise RefusedError(trouble)
        self.rates.take(person)
        return self._accept(person, body, trouble or self._later_trouble(person, body))

    def mark_read(self, body: Json) -> Json:
        check_read(body)
        person = self.written.get(str(body.get("message_id")))
        if person is None:
            raise refused(131009, "The message id of the read receipt is not valid.")
        self.reads.append(Read(body["message_id"], person, "typing_indicator" in body, self.clock.now()))
        self.note_change()
        return {"success": True}

    def note_change(self) -> None:
        """Let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], object], *, patience: float = 10.0) -> None:
        """Return when the condition holds; it is looked at after every change."""
        async with asyncio.timeout(patience):
            while not condition():
                await self._changed.wait()

    def _trouble_with(self, person: Person, body: Json) -> Problem | None:
        """What is wrong with sending this to this person now."""
        if body.get("recipient_type") == "group":
            # Which error an unknown group gets is documented nowhere; this one says what the request did wrong.
            return problem(131009, "The recipient is not a group.")
        if person.phone == self.account.display_phone:
            return problem(131021)
        if not person.on_whatsapp:
            return problem(131026)
        if body["type"] == "template":
            template = self.account.templates[(body["template"]["name"], body["template"]["language"]["code"])]
            is_code = template.category == "authentication"
            return problem(131062) if is_code and not body.get("to") else None
        return None if person.is_open_at(self.clock.now()) else problem(131047)

    def _later_trouble(self, person: Person, body: Json) -> Problem | None:
        """What goes wrong only on the way."""
        if person.fails_with is not None:
            return problem(person.fails_with)
        # Meta: a reaction to no message of the chat "will not be delivered", 131009 by webhook.
        if body["type"] == "reaction" and not self._is_in_chat(person, body["reaction"]["message_id"]):
            return problem(131009, "The message to react to was not found.")
        return None

    def _is_in_chat(self, person: Person, message_id: str) -> bool:
        return self.written.get(message_id) is person or any(one.id == message_id for one in person.received)

    def _accept(self, person: Person, body: Json, failure: Problem | None) -> Json:
        to_phone = bool(body.get("to"))
        message_id = self.wamids.next(person.phone, inbound=False)
        sent = Sent(message_id, person, body["type"], body, self.clock.now(), to_phone, failure)
        self.sent.append(sent)
        if failure is None:
            person.received.append(sent)
        for listener in self.listeners:
            listener(sent)
        self.note_change()
        message: Json = {"id": message_id}
        if sent.kind == "template":
            message["message_status"] = "accepted"
        return {"messaging_product": "whatsapp", "contacts": [_contact(person, body)], "messages": [message]}


def _contact(person: Person, body: Json) -> Json:
    """Meta: `wa_id` after a phone number, which takes precedence, else `user_id` with the id that was given."""
    if body.get("to"):
        return {"input": body["to"], "wa_id": "".join(sign for sign in body["to"] if sign.isdigit())}
    return {"input": body["recipient"], "user_id": body["recipient"]}
