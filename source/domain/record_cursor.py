"""Where a page of records ended, as a word that programs hand back to get the next one."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.filters import Record
from source.domain.record_field import scalar_of
from source.domain.records import MOST_CHARS_IN_ORDER, MOST_IN_ORDER, Order

_NAMES_BYTES: Final = 300
_CHAR_BYTES: Final = 6  # as JSON escapes a control character
# In base64, which makes four characters of three bytes.
LONGEST_CURSOR_CHARS: Final = (MOST_IN_ORDER * MOST_CHARS_IN_ORDER * _CHAR_BYTES + _NAMES_BYTES) * 4 // 3
_WRONG: Final = "after: it is not a `next` of this list in this order; begin without it."


def cursor_after(record: Record, order: Sequence[Order]) -> str:
    """Return the word for what comes after this record."""
    values = [_plain(record[each.field.name], each) for each in order]
    document = json.dumps([_names(order), values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def position_of(cursor: str, order: Sequence[Order]) -> tuple[object, ...]:
    """Return the values of the fields ordered by after which the page begins.

    Raises: RefusedInputError: the cursor is not of this order.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        document = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError, binascii.Error):
        raise RefusedInputError(_WRONG) from None
    match document:
        case [list(names), list(values)] if names == _names(order) and len(values) == len(order):
            return tuple(
                None if value is None else scalar_of(each.field.kind, value, "after")
                for each, value in zip(order, values, strict=True)
            )
    raise RefusedInputError(_WRONG)


def _names(order: Sequence[Order]) -> list[str]:
    return [f"-{each.field.name}" if each.descending else each.field.name for each in order]


def _plain(value: object, order: Order) -> object:
    if isinstance(value, str) and order.is_cut:
        return value[:MOST_CHARS_IN_ORDER]
    return value.isoformat() if isinstance(value, datetime) else value
