"""Settings of the Discord channel."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from source.app.settings_fields import SeparatedByCommas, SettingFields, Url, empty_as_none

_Rule = Annotated[str, Field(pattern=r"^((user|role|channel|category|guild):[0-9]{1,20}|dm)$")]
_Rules = Annotated[tuple[_Rule, ...], *SeparatedByCommas]


class DiscordFields(SettingFields):
    """How Echo is reached on Discord, and by whom."""

    discord_token: SecretStr | None = Field(
        default=None, min_length=1, description="Token of the bot on Discord; only from the environment or .env."
    )
    discord_api_base: Url | None = Field(
        default=None,
        examples=["https://discord.com/api/v10"],
        description="Address of Discord's HTTP API, for a proxy; empty: Discord.",
    )
    discord_gateway_url: Annotated[str, Field(pattern=r"^wss?://[^\s/]+", max_length=2_000)] | None = Field(
        default=None,
        examples=["wss://gateway.discord.gg/"],
        description="Address of Discord's gateway, for a proxy; empty: the one that Discord names.",
    )
    discord_allow: _Rules = Field(
        default=(),
        examples=["guild:123,role:456,dm"],
        description="Who may talk: user:ID, role:ID, channel:ID, category:ID, guild:ID or dm; empty: everyone.",
    )
    discord_deny: _Rules = Field(
        default=(),
        examples=["channel:123,user:456"],
        description="Who may not, whatever DISCORD_ALLOW says.",
    )
    discord_admins: _Rules = Field(
        default=(),
        examples=["user:123"],
        description="Who may always, without limits.",
    )
    discord_message_content: bool = Field(
        default=True,
        description="Whether the bot has the Message Content intent; without it Echo reads only mentions and DMs.",
    )
    discord_catch_up_hours: float = Field(
        default=24,
        ge=0,
        le=336,
        description="Hours back to look for messages that came while Echo was away; 0: not at all.",
    )
    shard_count: int = Field(
        default=0, ge=0, le=16_384, description="Shards over all processes; 0: as many as Discord recommends, all here."
    )
    shard_ids: Annotated[str, Field(pattern=r"^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$", max_length=200)] | None = Field(
        default=None,
        examples=["0-3,7"],
        description="Shards that this process runs, when SHARD_COUNT is set; empty: all.",
    )

    @field_validator("discord_token", "discord_api_base", "discord_gateway_url", "shard_ids", mode="before")
    @classmethod
    def _nothing_is_not_set(cls, value: object) -> object:
        return empty_as_none(value)

    @property
    def discord_catch_up_age(self) -> timedelta:
        return timedelta(hours=self.discord_catch_up_hours)
