"""Who is mentioned in a text, and who of them is pinged."""

from __future__ import annotations

import re

from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Draft, Pings
from tests.fakes.discord.people import User
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.wire import Json

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")


def pings_of(draft: Draft, author: User, channel: Channel, *, answered: User | None) -> Pings:
    """Reckon pings from the text, the reply and `allowed_mentions` as Discord does."""
    users = {int(one) for one in _USER.findall(draft.content)}
    roles = {int(one) for one in _ROLE.findall(draft.content)}
    may_ping_everyone = bool(channel.permissions_of(author) & Permission.MENTION_EVERYONE)
    everyone = bool(_EVERYONE.search(draft.content)) and may_ping_everyone
    allowed = draft.allowed_mentions
    if allowed is not None:
        users, roles = _allowed(users, allowed, "users"), _allowed(roles, allowed, "roles")
        everyone = everyone and "everyone" in (allowed.get("parse") or ())
    if answered is not None and (allowed is None or allowed.get("replied_user")):
        users.add(answered.id)
    return Pings(frozenset(users), frozenset(roles), everyone)


def _allowed(ids: set[int], allowed: Json, kind: str) -> set[int]:
    if kind in (allowed.get("parse") or ()):
        return ids
    return ids & {int(one) for one in allowed.get(kind) or ()}
