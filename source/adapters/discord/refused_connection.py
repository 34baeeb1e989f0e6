"""What Discord refuses for good until the operator changes something."""

import discord

from source.domain.errors import SettingsError

PORTAL = "https://discord.com/developers/applications"
BAD_TOKEN = f"Discord does not accept DISCORD_TOKEN: copy it again from {PORTAL}, page Bot, Reset Token."
INTENT = (
    f"Discord refuses the Message Content intent: switch it on at {PORTAL}, page Bot, Privileged Gateway Intents, "
    "or set DISCORD_MESSAGE_CONTENT=false."
)
# Discord: Opcodes and Status Codes, Gateway Close Event Codes.
_BY_CLOSE_CODE = {
    4004: BAD_TOKEN,
    4010: "Discord does not know such a shard: SHARD_IDS must be numbers below SHARD_COUNT.",
    4011: "The bot is in too many guilds for so few shards: leave SHARD_COUNT empty or set it higher.",
    4012: "Discord no longer speaks this version of its gateway: update Echo.",
    4013: "Discord does not know an intent that was asked for: update Echo.",
    4014: INTENT,
}


def settings_error(error: BaseException) -> SettingsError | None:
    """Return what to tell the operator; None when trying again may help."""
    if isinstance(error, SettingsError):
        return error
    if isinstance(error, discord.LoginFailure) or (isinstance(error, discord.HTTPException) and error.status == 401):
        return SettingsError(BAD_TOKEN)
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return SettingsError(INTENT)
    if isinstance(error, discord.ConnectionClosed) and (sentence := _BY_CLOSE_CODE.get(error.code)):
        return SettingsError(sentence)
    return None
