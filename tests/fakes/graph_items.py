"""What a webhook tells, one item each, and how items are packed into entries, changes and arrays."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.fakes.graph_account import Account
from tests.fakes.graph_errors import Json


@dataclass(frozen=True, slots=True)
class Item:
    """One message, status, echo, chunk of history …: an element of the array `key` in a change of `field`."""

    key: str
    value: Json
    contact: Json | None = None
    field: str = "messages"

    @property
    def id(self) -> str:
        return str(self.value.get("id", ""))


def change_of(account: Account, items: Sequence[Item]) -> Json:
    """One change with all these items, which are of one field; everybody is in its `contacts` once."""
    contacts: list[Json] = []
    arrays: Json = {}
    for item in items:
        if item.contact is not None and item.contact not in contacts:
            contacts.append(item.contact)
        arrays.setdefault(item.key, []).append(item.value)
    metadata = {"display_phone_number": account.display_phone, "phone_number_id": account.phone_id}
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata}
    if contacts:
        value["contacts"] = contacts
    return {"value": {**value, **arrays}, "field": items[0].field if items else "messages"}


def envelope(account: Account, *entries: Sequence[Sequence[Item]]) -> Json:
    """A whole body: of each entry its changes, of each change its items."""
    packed = [{"id": account.waba_id, "changes": [change_of(account, one) for one in changes]} for changes in entries]
    return {"object": "whatsapp_business_account", "entry": packed}


def packed(account: Account, items: Iterable[Item]) -> Json:
    """A body with one entry; neighbours of one kind share a change."""
    groups = itertools.groupby(items, key=lambda one: (one.field, one.key))
    return envelope(account, [list(group) for _, group in groups])


def dumped(body: Json) -> bytes:
    """The bytes in which Meta sends a body: what is not ASCII is escaped."""
    return json.dumps(body, separators=(",", ":")).encode()
