"""What an archived transcript is called: it follows from the conversation alone, so that a second try overwrites."""

import re
from typing import Final

from source.domain.conversation_head import ConversationHead
from source.domain.transcript_name import name_apart, name_of

COMPRESSED: Final = ".zst"
_SHAPE: Final = re.compile(r"[^/\\]+_(\d{1,16})\.json(\.zst)?")


def archive_name(head: ConversationHead, *, compressed: bool) -> str:
    """Return the name, which no other conversation has: the usual one of its transcript with its number."""
    name = name_apart(name_of(head), head.conversation_id)
    return f"{name}{COMPRESSED}" if compressed else name


def archive_names(head: ConversationHead) -> tuple[str, str]:
    """Return both names that it may have, compressed and not."""
    return archive_name(head, compressed=True), archive_name(head, compressed=False)


def is_compressed(name: str) -> bool:
    """Whether what has this name is compressed."""
    return name.endswith(COMPRESSED)


def conversation_in(name: str) -> int | None:
    """Return the conversation that a name says it is of; None: it says none, which an older Echo's does not."""
    found = _SHAPE.fullmatch(name)
    return int(found[1]) if found else None
