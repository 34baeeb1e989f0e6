"""What is kept of an answer for whoever asks again: never what people said, which may be deleted meanwhile."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from source.ports.api_keys import StoredAnswer

_FIRST_ERROR: Final = 400
_KEPT_HEADERS: Final = frozenset({"etag", "location"})
_NAMES: Final = re.compile(r"id|[a-z]+_id|version|success")
# As long as Echo's own ids are: a phone number is shorter, what Discord gives is longer.
_OWN_ID: Final = re.compile(r"[0-9]{16}")


def kept_of(answer: StoredAnswer) -> StoredAnswer:
    """Return a refusal, and the number of a task, as they are; of everything else its ids and where it is."""
    if answer.status >= _FIRST_ERROR or answer.status == HTTPStatus.ACCEPTED or not answer.body:
        return answer
    body = _ids_in(answer.body)
    headers = {name: value for name, value in answer.headers.items() if name.lower() in _KEPT_HEADERS}
    headers["content-length"] = str(len(body))
    if body:
        headers["content-type"] = "application/json"
    return StoredAnswer(answer.status, headers, body)


def _ids_in(body: bytes) -> bytes:
    try:
        found = json.loads(body)
    except ValueError:
        return b""
    return json.dumps(_ids_of(found), separators=(",", ":")).encode() if isinstance(found, dict) else b""


def _ids_of(found: Mapping[str, object]) -> dict[str, object]:
    """Return ids, and those of the things in lists; free forms, such as a context, are not looked into."""
    ids: dict[str, object] = {}
    for name, value in found.items():
        if isinstance(value, list):
            ids[name] = [_ids_of(each) for each in value if isinstance(each, dict)]
        elif _NAMES.fullmatch(name) and _is_number(value):
            ids[name] = value
    return ids


def _is_number(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and _OWN_ID.fullmatch(value) is not None)
