"""The people of a fake WhatsApp: what Meta calls them, how much of that it shows, what has reached their phones."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.fakes.graph_errors import Json

if TYPE_CHECKING:
    from tests.fakes.graph_sending import Sent

# WhatsApp: the customer service window lasts 24 hours from the person's last message
WINDOW = timedelta(hours=24)


class Contact(StrEnum):
    """How much a webhook's `contacts` tells of a person."""

    WHOLE = "whole"
    NO_PROFILE = "no profile"
    NO_WA_ID = "no wa_id"  # seen by partners; the message itself still says `from`
    ONLY_USER_ID = "only user_id"
    MISSING = "missing"  # no `contacts` at all


@dataclass(slots=True, eq=False)
class Person:
    """Somebody with WhatsApp; without a `user_id` webhooks look as they did before April 2026.

    `shows_phone=False` is somebody with a username whose number Meta withholds. `fails_with` is the code of the
    error with which messages to this person fail after they were taken, told by a status.
    """

    name: str
    phone: str
    user_id: str | None
    parent_user_id: str | None = None
    username: str | None = None
    shows_phone: bool = True
    contact: Contact = Contact.WHOLE
    on_whatsapp: bool = True
    last_wrote: datetime | None = None
    fails_with: int | None = None
    received: list[Sent] = field(default_factory=list)

    @property
    def wa_id(self) -> str | None:
        hidden = not self.shows_phone or self.contact is Contact.ONLY_USER_ID
        return None if hidden else self.phone

    @property
    def texts(self) -> list[str]:
        """The text of what has reached this phone, in order."""
        return [one.text for one in self.received]

    def is_open_at(self, now: datetime) -> bool:
        """Whether anything but a template may be sent."""
        return self.last_wrote is not None and now - self.last_wrote < WINDOW

    def as_contact(self, *, with_username: bool = True) -> Json | None:
        """The entry of a webhook's `contacts`."""
        if self.contact is Contact.MISSING:
            return None
        whole: Json = {}
        if self.contact not in (Contact.NO_PROFILE, Contact.ONLY_USER_ID):
            whole["profile"] = {"name": self.name}
            if self.username and with_username:
                whole["profile"]["username"] = self.username
        if self.wa_id and self.contact is not Contact.NO_WA_ID:
            whole["wa_id"] = self.wa_id
        return whole | named(user_id=self.user_id, parent_user_id=self.parent_user_id)

    def as_sender(self) -> Json:
        """How a message of theirs says who wrote it."""
        ids = {"from": self.wa_id, "from_user_id": self.user_id, "from_parent_user_id": self.parent_user_id}
        return named(**ids)

    def as_receiver(self) -> Json:
        """How an echo of what the owner wrote to them says to whom."""
        return named(to=self.wa_id, to_user_id=self.user_id, to_parent_user_id=self.parent_user_id)


class People:
    """Everybody whom the business can reach, found by any of their ids."""

    def __init__(self) -> None:
        self.all: list[Person] = []
        self._by_id: dict[str, Person] = {}
        self._numbers = itertools.count(1)

    def add(
        self,
        name: str,
        *,
        phone: str | None = None,
        user_id: str | None = "",
        parent_user_id: str | None = None,
        username: str | None = None,
        shows_phone: bool = True,
        contact: Contact = Contact.WHOLE,
    ) -> Person:
        """Somebody new; without a phone number or an id they get one, with `user_id=None` they have no such id."""
        number = phone or f"49170{next(self._numbers):07}"
        person = Person(name, number, new_user_id(number) if user_id == "" else user_id, parent_user_id, username)
        person.shows_phone, person.contact = shows_phone, contact
        self.all.append(person)
        self.know(person)
        return person

    def know(self, person: Person) -> None:
        """Find somebody by all ids that they have now; those they had before are theirs no longer."""
        self._by_id = {key: one for key, one in self._by_id.items() if one is not person}
        for key in (person.phone, person.user_id, person.parent_user_id):
            if key:
                self._by_id[key] = person

    def by_phone(self, number: str) -> Person | None:
        digits = "".join(sign for sign in number if sign.isdigit())
        return self._by_id.get(digits)

    def by_user_id(self, user_id: str) -> Person | None:
        return self._by_id.get(user_id)


def new_user_id(phone: str, country: str = "DE") -> str:
    """A business-scoped id: Meta says "up to 128 alphanumeric characters", its examples have only digits."""
    return f"{country}.{hashlib.sha256(phone.encode()).hexdigest()[:20].upper()}X"


def named(**values: str | None) -> Json:
    """Those that are there."""
    return {name: value for name, value in values.items() if value}
