"""What became of what was sent, in the field `messages`."""

from collections.abc import Iterator
from typing import Final

from source.adapters.whatsapp.reading.values import Json, key_of, kind_in, objects_in, string_in
from source.adapters.whatsapp.tracker import part_in
from source.domain.outcome import Outcome
from source.ports.sent import Status

_OUTCOMES: Final = {each.value: each for each in (Outcome.SENT, Outcome.DELIVERED, Outcome.READ, Outcome.FAILED)}


def statuses_in(value: Json) -> Iterator[Status | str]:
    """Yield the statuses, and the kind of whatever else is told of a message."""
    for status in objects_in(value.get("statuses")):
        yield _read(status) or f"status_{kind_in(status.get('status'))}"


def _read(status: Json) -> Status | None:
    wamid, outcome = string_in(status.get("id")), _OUTCOMES.get(string_in(status.get("status")))
    if not wamid or outcome is None:
        return None
    part = part_in(string_in(status.get("biz_opaque_callback_data")))
    return Status(key_of(wamid), outcome, part, _code_in(status) if outcome is Outcome.FAILED else None)


def _code_in(status: Json) -> int | None:
    codes = (error.get("code") for error in objects_in(status.get("errors")))
    return next((code for code in codes if isinstance(code, int) and 0 <= code < 2**31), None)
