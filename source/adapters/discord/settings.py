"""Settings of the Discord adapter."""

from dataclasses import dataclass, field
from datetime import timedelta

from source.domain.access import AccessRules


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """How Echo connects, whom it answers, and how far back it looks for what it missed.

    `api_base` and `gateway_url` replace Discord's own addresses. `shard_ids` are the shards of this process out of
    `shard_count`; None: all of them, as many as Discord recommends. A `catch_up_age` of zero looks for nothing.
    """

    token: str = field(repr=False)
    api_base: str | None = None
    gateway_url: str | None = None
    access: AccessRules = field(default_factory=AccessRules)
    shard_ids: tuple[int, ...] | None = None
    shard_count: int | None = None
    catch_up_age: timedelta = timedelta(hours=24)
    message_content: bool = True
