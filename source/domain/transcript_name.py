"""What a transcript's file is called, whatever ids the platforms hand out."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime

from source.domain.conversation_head import ConversationHead
from source.domain.thread import Platform

MAX_NAME_BYTES = 200
_MAX_ID_CHARS = 60
_DIGEST_CHARS = 16
_UNKNOWN = "unknown"
_NAMES_TRIED = 9

_OUTSIDE_THE_SET = re.compile(rb"[^A-Za-z0-9.-]")
# A requester that contains "-in-" could be read as another requester in another guild.
_SEPARATOR = re.compile(r"-(?=in(-|$))")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]')
_SHAPE = re.compile(r"(\d{4}-\d\d-\d\d)_conversation-with-(.*?)-in-([^_]*)(?:_\d+)*\.json")


def transcript_name(*, created_at: datetime, requester: str | None, guild_id: str | None, platform: Platform) -> str:
    """Return `yyyy-mm-dd_conversation-with-{user_id}-in-{guild_id}.json`; without a guild it says the platform."""
    person, place = _person(requester), _place(guild_id, platform)
    return f"{created_at.date().isoformat()}_conversation-with-{person}-in-{place}.json"


def name_of(head: ConversationHead) -> str:
    """Return the name that `head` has by rule, which another conversation may have taken."""
    return transcript_name(
        created_at=head.created_at,
        requester=head.requester,
        guild_id=head.thread.guild_id,
        platform=head.thread.platform,
    )


def name_apart(filename: str, conversation_id: int) -> str:
    """Return the name of a conversation whose usual name is another's."""
    return f"{filename.removesuffix('.json')}_{conversation_id}.json"


def candidate_names(head: ConversationHead) -> tuple[str, ...]:
    """Return the names that `head` may be saved under, best first; all of them are safe."""
    usual = name_of(head)
    apart = name_apart(usual, head.conversation_id)
    given = head.filename if is_safe_name(head.filename) else usual
    return tuple(dict.fromkeys((given, apart, *_numbered(apart))))


def is_safe_name(filename: str) -> bool:
    """Whether this names a JSON file right inside a folder, on every operating system."""
    if not filename.endswith(".json") or filename.startswith(".") or _UNSAFE.search(filename):
        return False
    return len(filename.encode()) <= MAX_NAME_BYTES


def may_be_of(
    filename: str, *, requester: str | None = None, guild_id: str | None = None, on: date | None = None
) -> bool:
    """Whether a file of this name may be such a conversation's; a name of another shape may be anyone's."""
    shape = _SHAPE.fullmatch(filename)
    if shape is None:
        return True
    day, person, place = shape.groups()
    if on is not None and day != on.isoformat():
        return False
    if requester is not None and person != _person(requester):
        return False
    return guild_id is None or place == _encoded(guild_id)


def _numbered(apart: str) -> Iterator[str]:
    for number in range(2, _NAMES_TRIED + 1):
        yield f"{apart.removesuffix('.json')}_{number}.json"


def _person(requester: str | None) -> str:
    return _UNKNOWN if requester is None else _cut(_SEPARATOR.sub("%2D", _escaped(requester)), requester)


def _place(guild_id: str | None, platform: Platform) -> str:
    return platform.value if guild_id is None else _encoded(guild_id)


def _encoded(identifier: str) -> str:
    return _cut(_escaped(identifier), identifier)


def _escaped(identifier: str) -> str:
    raw = identifier.encode("utf-8", "surrogatepass")
    return _OUTSIDE_THE_SET.sub(lambda match: b"%%%02X" % match.group()[0], raw).decode("ascii")


def _cut(escaped: str, identifier: str) -> str:
    """Return `escaped`, or its beginning and a digest of all of `identifier`, which no short id looks like."""
    if len(escaped) <= _MAX_ID_CHARS:
        return escaped
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARS]
    return f"{escaped[: _MAX_ID_CHARS - _DIGEST_CHARS - 1]}~{digest}"
