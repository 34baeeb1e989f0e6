"""The Discord channel, as the settings ask for it."""

from source.adapters.discord.parts import DiscordParts
from source.adapters.discord.platform import DiscordPlatform
from source.adapters.discord.settings import DiscordSettings
from source.app.echo import Echo
from source.app.settings import Settings
from source.domain.access import AccessRules
from source.domain.errors import SettingsError


def discord_platform(settings: Settings, echo: Echo) -> DiscordPlatform:
    """Return the channel, not yet connected.

    Raises: SettingsError: the shards do not fit together.
    """
    parts = DiscordParts(
        turns=echo.turns,
        corrections=echo.corrections,
        commands=echo.commands,
        store=echo.channel_store,
        clock=echo.clock,
    )
    return DiscordPlatform(parts, discord_settings(settings))


def discord_settings(settings: Settings) -> DiscordSettings:
    """Return how the adapter is to connect.

    Raises: SettingsError: the shards do not fit together.
    """
    return DiscordSettings(
        token=settings.discord_token.get_secret_value() if settings.discord_token else "",
        api_base=settings.discord_api_base,
        gateway_url=settings.discord_gateway_url,
        access=AccessRules.of(allow=settings.discord_allow, deny=settings.discord_deny, admins=settings.discord_admins),
        shard_ids=_shards(settings.shard_ids, settings.shard_count),
        shard_count=settings.shard_count or None,
        catch_up_age=settings.discord_catch_up_age,
        message_content=settings.discord_message_content,
    )


def _shards(ids: str | None, count: int) -> tuple[int, ...] | None:
    """Return the shards that `ids` names, such as 0-3,7."""
    if ids is None:
        return None
    if not count:
        raise SettingsError("SHARD_IDS is set: SHARD_COUNT must say how many shards there are in all.")
    found: set[int] = set()
    for part in ids.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    if not found or max(found) >= count:
        raise SettingsError(f"SHARD_IDS is {ids}, but with SHARD_COUNT {count} they go from 0 to {count - 1}.")
    return tuple(sorted(found))
