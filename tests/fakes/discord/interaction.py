"""An interaction of a user with the bot, and how the bot answered it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from tests.fakes.discord.message import Message
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.channel import Channel
    from tests.fakes.discord.people import User


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
    """What a user did, and everything that the bot did with it."""

    id: int
    kind: InteractionType
    user: User
    channel: Channel
    data: Json
    sent_at: float
    message: Message | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    ack: Ack | None = None
    ack_delay_ms: float | None = None
    late_acks: list[float] = field(default_factory=list)
    original: Message | None = None
    follow_ups: list[Message] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None
