"""What Meta delivers: read tolerantly, since kinds and fields are added without notice."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from source.adapters.whatsapp.items import Item
from source.adapters.whatsapp.reading.echoes import echoes_in
from source.adapters.whatsapp.reading.history import history_in, names_in
from source.adapters.whatsapp.reading.messages import messages_in
from source.adapters.whatsapp.reading.statuses import statuses_in
from source.adapters.whatsapp.reading.values import Json, kind_in, object_in, objects_in, string_in
from source.ports.history import HistoryNews
from source.ports.sent import Status

_OTHER_NUMBER: Final = "other_number"
# Each yields what its field holds, and the kind of whatever Echo does nothing with.
_FIELDS: Final[Mapping[str, Callable[[Json, datetime], Iterator[Item | HistoryNews | str]]]] = {
    "messages": messages_in,
    "smb_message_echoes": echoes_in,
    "smb_app_state_sync": names_in,
    "history": history_in,
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """What a webhook holds, in its order; `passed_over` counts by kind what Echo does nothing with.

    `statuses` are of messages that Echo sent, or somebody else from the same number; `history` is how far the telling
    of what was said before has come.
    """

    items: tuple[Item, ...] = ()
    statuses: tuple[Status, ...] = ()
    history: tuple[HistoryNews, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)


def read_webhook(body: bytes, *, phone_id: str, now: datetime) -> Webhook:
    """Read every entry, change and item of this number; what cannot be read is counted, as is what is of another.

    Raises: ValueError: it is no JSON object.
    """
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("a webhook is a JSON object")  # noqa: TRY004  (as json says what is wrong with JSON)
    items: list[Item] = []
    statuses: list[Status] = []
    history: list[HistoryNews] = []
    passed_over: Counter[str] = Counter()
    for each in _things(content, phone_id, now):
        match each:
            case Item():
                items.append(each)
            case Status():
                statuses.append(each)
            case HistoryNews():
                history.append(each)
            case _:
                passed_over[each] += 1
    return Webhook(tuple(items), tuple(statuses), tuple(history), passed_over)


def _things(content: Json, phone_id: str, now: datetime) -> Iterator[Item | Status | HistoryNews | str]:
    for name, value in _changes(content):
        # Meta tells an app of all numbers of its accounts, its test number among them.
        if _number_in(value) not in ("", phone_id):
            yield _OTHER_NUMBER
            continue
        read = _FIELDS.get(name) if isinstance(name, str) else None
        if read is None:
            yield kind_in(name)
            continue
        yield from ("errors" for _ in objects_in(value.get("errors")))
        yield from statuses_in(value)
        yield from read(value, now)


def _number_in(value: Json) -> str:
    """Return the id of the number that a change is about; empty where that is not told."""
    return string_in(object_in(value.get("metadata")).get("phone_number_id"))


def _changes(content: Json) -> Iterator[tuple[object, Json]]:
    for entry in objects_in(content.get("entry")):
        for change in objects_in(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                yield change.get("field"), value
