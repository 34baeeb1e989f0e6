"""Pictures in requests to the fake OpenAI server: what it takes, and what it sees."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

_URL = re.compile(r"data:(image/(?:png|jpeg|webp|gif));base64,(.*)", re.DOTALL)


def pictures_in(messages: object) -> list[bytes]:
    """Return the pictures of all messages, as bytes.

    Raises: ValueError: one is in no form that OpenAI takes.
    """
    return [_content(part) for part in _parts(messages) if part.get("type") == "image_url"]


def seen_in(messages: object) -> str | None:
    """Return what the server says about the pictures; None where there is none."""
    pictures = pictures_in(messages)
    words = " ".join(str(part["text"]) for part in _parts(messages) if part.get("type") == "text")
    return f"A picture of {sum(map(len, pictures))} bytes, sent with: {words}" if pictures else None


def _parts(messages: object) -> Iterator[Mapping[str, object]]:
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else []:
            if isinstance(part, dict):
                yield part


def _content(part: Mapping[str, object]) -> bytes:
    given = part.get("image_url")
    found = _URL.fullmatch(str(given.get("url"))) if isinstance(given, dict) else None
    if found is None:
        raise ValueError("no data URL of a picture")
    try:
        return base64.b64decode(found[2], validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
