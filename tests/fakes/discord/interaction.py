"""An interaction of a user with the bot, and how the bot answered it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from tests.fakes.discord.message import Message, MessageFlag
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.channel import Channel
    from tests.fakes.discord.people import User
    from tests.fakes.discord.world import World


class InteractionType(IntEnum):
    """Discord's documentation, "Interaction Type"."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class Ack(IntEnum):
    """Discord's documentation, "Interaction Callback Type"."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


@dataclass(slots=True, eq=False)
class Interaction:
    """What a user did, and everything that the bot did with it.

    `message` is what was clicked, or what a context menu was opened on; `shown_by` is the interaction
    whose form was sent. `late_acks_ms` are acknowledgements that came after the deadline and were refused.
    """

    world: World = field(repr=False)
    id: int
    kind: InteractionType
    user: User
    channel: Channel
    data: Json
    message: Message | None = None
    shown_by: Interaction | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    sent_at: float = 0.0
    ack: Ack | None = None
    ack_delay_ms: float | None = None
    late_acks_ms: list[float] = field(default_factory=list)
    original: Message | None = None
    follow_ups: list[Message] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None

    @property
    def age_seconds(self) -> float:
        return self.world.monotonic() - self.sent_at

    @property
    def responses(self) -> list[Message]:
        """What the user sees as answers, in their order: loading and deleted ones are not among them."""
        own = [] if self.original is None or self.original is self.message else [self.original]
        return [one for one in (*own, *self.follow_ups) if not one.is_deleted and not is_loading(one)]

    @property
    def answer(self) -> str:
        """The texts of all answers."""
        return "\n".join(one.content for one in self.responses)

    @property
    def is_ephemeral(self) -> bool:
        """Whether only the user can see the first answer."""
        return self.original is not None and self.original.is_ephemeral

    async def acknowledged(self, *, patience: float = 10.0) -> None:
        await self.world.until(lambda: self.ack is not None, patience=patience)

    async def answered(self, count: int = 1, *, patience: float = 10.0) -> Message:
        """Wait for answer number `count`."""
        await self.world.until(lambda: len(self.responses) >= count, patience=patience)
        return self.responses[count - 1]


def is_loading(message: Message) -> bool:
    return bool(message.draft.flags & MessageFlag.LOADING)
