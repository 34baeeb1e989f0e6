"""Who may talk with Echo, by rules such as `user:1`, `role:2`, `channel:3`, `category:4`, `guild:5` and `dm`."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

DIRECT = "dm"
_PLACES = ("channel:", "category:", "guild:", DIRECT)


class Verdict(StrEnum):
    """Whether somebody may talk; in a closed place nobody may, and nothing is said about it."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    CLOSED_PLACE = "closed_place"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody in a place; `channel_ids` are the channel's and, in a thread, its parent's.

    Without a guild it is a direct message.
    """

    user_id: str
    role_ids: tuple[str, ...] = ()
    channel_ids: tuple[str, ...] = ()
    category_id: str | None = None
    guild_id: str | None = None

    @property
    def rules(self) -> frozenset[str]:
        """Every rule that speaks of this visitor."""
        rules = {f"user:{self.user_id}", *(f"role:{role}" for role in self.role_ids)}
        if self.guild_id is None:
            return frozenset({*rules, DIRECT})
        rules |= {f"guild:{self.guild_id}", *(f"channel:{channel}" for channel in self.channel_ids)}
        if self.category_id is not None:
            rules.add(f"category:{self.category_id}")
        return frozenset(rules)


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Deny beats allow, and admins beat both; without an allow rule everybody is allowed."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *, allow: Iterable[str] = (), deny: Iterable[str] = (), admins: Iterable[str] = ()) -> "AccessRules":
        return cls(frozenset(allow), frozenset(deny), frozenset(admins))

    def is_admin(self, visitor: Visitor) -> bool:
        """Whether a visitor may always talk, without limits."""
        return bool(self.admins & visitor.rules)

    def verdict(self, visitor: Visitor) -> Verdict:
        """Judge a visitor where they are."""
        rules = visitor.rules
        if self.admins & rules:
            return Verdict.ALLOWED
        if self.deny & rules:
            return Verdict.CLOSED_PLACE if any(map(_is_place, self.deny & rules)) else Verdict.REFUSED
        if not self.allow or self.allow & rules:
            return Verdict.ALLOWED
        # Nobody at all is allowed where only other places are named.
        return Verdict.CLOSED_PLACE if all(map(_is_place, self.allow)) else Verdict.REFUSED


def _is_place(rule: str) -> bool:
    return rule.startswith(_PLACES)
