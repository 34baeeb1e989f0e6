"""The place of a dialogue, and who speaks there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Platform(StrEnum):
    """Where people talk with Echo."""

    DISCORD = "discord"
    WHATSAPP = "whatsapp"
    WEB = "web"
    TERMINAL = "terminal"


class ThreadKey(NamedTuple):
    """What tells one thread from every other."""

    platform: Platform
    thread_id: str


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """A thread on its platform; `guild_id` is None for a direct message or a session of one person.

    `circle` names the closed place whose members alone can read along; None: everyone in the guild can.
    """

    platform: Platform
    thread_id: str
    guild_id: str | None = None
    guild_name: str | None = None
    circle: str | None = None

    @property
    def key(self) -> ThreadKey:
        return ThreadKey(self.platform, self.thread_id)


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person as a platform names them."""

    external_id: str
    display_name: str
