"""Who may do what where, reckoned as Discord's documentation reckons it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Literal


class Permission(IntFlag):
    """The bits that this server looks at."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


EVERYTHING = (1 << 53) - 1
# What a new guild lets everyone do, without the management bits.
EVERYONE_DEFAULT = int(
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.ADD_REACTIONS
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CONNECT
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
# What a direct message lets both sides do.
DIRECT = EVERYONE_DEFAULT | int(Permission.MENTION_EVERYONE)


@dataclass(slots=True)
class Role:
    """A role of a guild; @everyone has the guild's own id."""

    id: int
    name: str
    permissions: int = 0
    position: int = 1


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows and denies a role or a member."""

    id: int
    kind: Literal["role", "member"]
    allow: int = 0
    deny: int = 0


def base_permissions(everyone: int, roles: Iterable[int], *, is_owner: bool) -> int:
    """What a member may do in a guild, before any channel says otherwise."""
    permissions = everyone
    for granted in roles:
        permissions |= granted
    return EVERYTHING if is_owner or permissions & Permission.ADMINISTRATOR else permissions


def in_channel(
    base: int, overwrites: Mapping[int, Overwrite], *, everyone_id: int, role_ids: Iterable[int], member_id: int
) -> int:
    """Apply a channel's overwrites: everyone's, then the roles' together, then the member's."""
    if base & Permission.ADMINISTRATOR:
        return EVERYTHING
    permissions = _applied(base, [overwrites[everyone_id]] if everyone_id in overwrites else [])
    permissions = _applied(permissions, [overwrites[one] for one in role_ids if one in overwrites])
    permissions = _applied(permissions, [overwrites[member_id]] if member_id in overwrites else [])
    return permissions if permissions & Permission.VIEW_CHANNEL else 0


def _applied(permissions: int, overwrites: Iterable[Overwrite]) -> int:
    allowed = denied = 0
    for overwrite in overwrites:
        allowed |= overwrite.allow
        denied |= overwrite.deny
    return (permissions & ~denied) | allowed
