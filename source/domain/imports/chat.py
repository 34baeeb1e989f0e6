"""A dialogue that was exported from its platform, as far as it could be read."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from source.domain.thread import PersonRef, ThreadRef

# Before the number of somebody, or of the chat with them, until it is known who that is to Echo.
PHONE: Final = "phone:"


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """What somebody said; `event_id` is the same in every export of it. `speaker` is None for Echo itself.

    `was_edited`: it reads as it did after a change, whose time an export does not tell. `number` is the line of
    the file, or the place of the message in it, from 1.
    """

    event_id: str
    said_at: datetime
    speaker: PersonRef | None
    text: str
    number: int
    was_edited: bool = False
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and where it stands."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class ExportedChat:
    """All of an export: what was said in order, what the platform said by itself, and what could not be read.

    `partner` is the external id of the one person whose chat it is, also where they said nothing themself.
    """

    thread: ThreadRef
    name: str
    messages: tuple[ExportedMessage, ...]
    left_out: int = 0
    unread: tuple[Unread, ...] = ()
    partner: str | None = None

    @property
    def people(self) -> dict[str, str]:
        """Everybody's latest name, by external id."""
        return {each.speaker.external_id: each.speaker.display_name for each in self.messages if each.speaker}


@dataclass(frozen=True, slots=True)
class WhoIsWho:
    """What an export does not tell: which names are Echo's own, and which id on the platform somebody has."""

    own_names: frozenset[str] = frozenset()
    ids: Mapping[str, str] = field(default_factory=dict)

    def unknown_in(self, names: Iterable[str]) -> list[str]:
        """Return the names that were given and that nobody in the export has."""
        there = set(names)
        return sorted(({*self.own_names, *self.ids}) - there)


NOBODY_KNOWN: Final = WhoIsWho()


def most_frequent(names: Iterable[str], limit: int) -> list[str]:
    """Return the names that stand there most often."""
    return [name for name, _ in Counter(names).most_common(limit)]
