"""Users and members."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, eq=False)
class User:
    """An account of Discord, a person's or a bot's."""

    id: int
    name: str
    is_bot: bool = False
    takes_dms: bool = True

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild."""

    user: User
    joined_at: datetime
    role_ids: list[int] = field(default_factory=list)
    nick: str | None = None
