"""The things that webhooks hold, as they are kept until they were seen to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.webhooks import Arrival, Contact, Delivered, Delivery, Wrote

_SOMEBODY = "Somebody"

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a webhook that concerns somebody; `kind` says which handler sees to it.

    `key` tells it from all others and holds no number. `addresses` are what the person is known by, what tells the
    most first: `user:` and an id in the scope of the business, `phone:` and a number. `content` is JSON, which the
    handler of the kind reads; numbers and Meta's ids of messages have no place in it, for it is kept. `wamid` is
    Meta's id of what that person wrote, None of what they did not write. `renews`: it renews the time in which
    they may be answered, as an edit does not.

    `before` is what they were known by until then, of who changes that. Of what `is_of_known` people alone nothing is
    kept if nobody is known by these addresses.
    """

    kind: str
    key: str
    addresses: tuple[str, ...]
    sent_at: datetime
    content: Content = field(default_factory=dict)
    name: str | None = None
    wamid: str | None = None
    renews: bool = False
    before: tuple[str, ...] = ()
    is_of_known: bool = False

    def as_arrival(self, now: datetime) -> Arrival:
        """Return what the store is to make of it."""

        def as_kept(contact: Contact) -> Delivery:
            wrote = Wrote(contact.contact_id, min(self.sent_at, now)) if self.renews else None
            return Delivery(self.key, self.as_payload(contact), wrote)

        return Arrival(self.key, self.addresses, self.name, self.sent_at, as_kept, self.before, self.is_of_known)

    def as_payload(self, contact: Contact) -> str:
        """Return what is kept of it."""
        kept = {
            "kind": self.kind,
            "key": self.key,
            "contact_id": contact.contact_id,
            "name": contact.name,
            "sent_at": self.sent_at.isoformat(),
            "content": self.content,
        }
        return json.dumps(kept)


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that is durable; `number` grows with every one."""

    number: int
    kind: str
    key: str
    contact_id: int
    name: str | None
    sent_at: datetime
    content: Content

    @classmethod
    def of(cls, delivered: Delivered) -> "Kept":
        values = json.loads(delivered.payload)
        return cls(number=delivered.number, **values | {"sent_at": datetime.fromisoformat(values["sent_at"])})

    @property
    def thread(self) -> ThreadRef:
        return thread_of(self.contact_id)

    @property
    def person(self) -> PersonRef:
        return PersonRef(str(self.contact_id), self.name or _SOMEBODY)


def thread_of(contact_id: int) -> ThreadRef:
    """Return somebody's thread: named by Echo, since numbers and ids change."""
    return ThreadRef(Platform.WHATSAPP, str(contact_id))


class Handler(Protocol):
    """Sees to one kind of thing."""

    async def see_to(self, kept: Kept) -> None:
        """Do what is to be done about it; done again after a crash it changes nothing more.

        Raises: RefusedInputError: its text is for the person. StoreError: it is seen to again later.
        """
        ...
