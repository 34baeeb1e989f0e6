"""What a memory was made of, told shortly, so that it can be told whether all of that still reads so."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from source.domain.message import Message, MessageType, as_utc

ReadLine = tuple[int, datetime | None]
"""A message's id, and when its text was last edited."""


def made_of(messages: Iterable[Message], covers_to: int) -> str:
    """Return the mark of the messages that count, up to the last that a memory covers."""
    said = (each for each in messages if each.is_kept and each.message_type is MessageType.CHAT)
    return mark_of((each.message_id, each.edited_at) for each in said if each.message_id <= covers_to)


def mark_of(lines: Iterable[ReadLine]) -> str:
    """Return another mark once one of these messages was edited, taken back or removed: SHA-256 in hex."""
    read = hashlib.sha256()
    for message_id, edited_at in lines:
        read.update(f"{message_id} {_written(edited_at)}\n".encode())
    return read.hexdigest()


def _written(moment: datetime | None) -> str:
    """Return a time as the API shows it, so that whoever reads there can make the mark."""
    return as_utc(moment).isoformat().replace("+00:00", "Z") if moment else ""
