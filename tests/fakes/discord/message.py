"""A message, and every state in which it was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.channel import Channel
    from tests.fakes.discord.people import User


class MessageType(IntEnum):
    """Discord's documentation, "Message Types"."""

    DEFAULT = 0
    CHANNEL_NAME_CHANGE = 4
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER_MESSAGE = 21
    CONTEXT_MENU_COMMAND = 23

    @property
    def is_system(self) -> bool:
        return self in (self.CHANNEL_NAME_CHANGE, self.THREAD_CREATED, self.THREAD_STARTER_MESSAGE)


class MessageFlag(IntFlag):
    """Discord's documentation, "Message Flags"."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message."""

    id: int
    filename: str
    content: bytes = field(repr=False)
    content_type: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """The message that this one answers, or comes from."""

    message_id: int | None
    channel_id: int
    guild_id: int | None


@dataclass(frozen=True, slots=True)
class Pings:
    """Who heard a sound."""

    user_ids: frozenset[int] = frozenset()
    role_ids: frozenset[int] = frozenset()
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.user_ids or self.role_ids or self.everyone)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be posted."""

    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flags: int = 0
    kind: MessageType = MessageType.DEFAULT
    nonce: str | None = None
    reference: Reference | None = None
    allowed_mentions: Json | None = None
    tts: bool = False
    interaction: Json | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """What could be read from `at` (monotonic seconds) on."""

    at: float
    content: str
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    filenames: tuple[str, ...] = ()
    flags: int = 0


@dataclass(slots=True, eq=False)
class Message:
    """A message as a user sees it now; `versions` is how it came to be so.

    `pings` is who heard a sound when it came; `mentions` is who is mentioned now.
    """

    id: int
    channel: Channel
    author: User
    created_at: datetime
    draft: Draft
    pings: Pings = field(default_factory=Pings)
    mentions: Pings = field(default_factory=Pings)
    versions: list[Version] = field(default_factory=list)
    edited_at: datetime | None = None
    deleted_at: float | None = None
    reactions: dict[str, list[User]] = field(default_factory=dict)
    thread: Channel | None = None

    @property
    def content(self) -> str:
        return self.draft.content

    @property
    def embeds(self) -> tuple[Json, ...]:
        return self.draft.embeds

    @property
    def components(self) -> tuple[Json, ...]:
        return self.draft.components

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return self.draft.attachments

    @property
    def flags(self) -> int:
        return self.draft.flags | (MessageFlag.HAS_THREAD if self.thread else 0)

    @property
    def kind(self) -> MessageType:
        return self.draft.kind

    @property
    def nonce(self) -> str | None:
        return self.draft.nonce

    @property
    def reference(self) -> Reference | None:
        return self.draft.reference

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.draft.flags & MessageFlag.EPHEMERAL)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def seen_at(self) -> float:
        """When it could first be read, in monotonic seconds."""
        return self.versions[0].at

    @property
    def first_text_at(self) -> float | None:
        """When there was first something to read in it, in monotonic seconds."""
        return next((one.at for one in self.versions if one.content), None)

    @property
    def edits(self) -> list[Version]:
        return self.versions[1:]

    @property
    def buttons(self) -> list[Json]:
        """Everything in it that can be clicked or chosen from."""
        return [one for one in walk(self.components) if one.get("custom_id")]

    def note_version(self, at: float) -> None:
        draft = self.draft
        names = tuple(one.filename for one in draft.attachments)
        self.versions.append(Version(at, draft.content, draft.embeds, draft.components, names, self.flags))


def longest_freeze(messages: Iterable[Message]) -> float:
    """The longest time, in seconds, in which a reader of these messages together saw nothing new."""
    times = sorted(one.at for message in messages for one in message.versions if one.content)
    return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def walk(components: tuple[Json, ...] | list[Json]) -> list[Json]:
    """Components and all that is inside them."""
    found: list[Json] = []
    for component in components:
        inner = component.get("components") or []
        single = [component[key] for key in ("accessory", "component") if isinstance(component.get(key), dict)]
        found += [component, *walk(inner), *walk(single)]
    return found
