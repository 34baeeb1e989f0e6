"""What Echo must be permitted, and what it says when it is not."""

from typing import Final

import discord
import structlog

log = structlog.get_logger(__name__)

NEEDED: Final = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
    attach_files=True,
)


def invite_link(application_id: int | str) -> str:
    """Return the link with which a server's admin invites Echo, with these permissions and no others."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}&scope=bot+applications.commands"
        f"&permissions={NEEDED.value}&integration_type=0"
    )


def missing_in(guild: discord.Guild) -> list[str]:
    """Return the permissions that Echo's roles do not give it, as Discord's settings call them."""
    granted = guild.me.guild_permissions
    if granted.administrator:
        return []
    return [name.replace("_", " ") for name, needed in NEEDED if needed and not getattr(granted, name)]


class PermissionReport:
    """Says once for each guild what is missing there."""

    def __init__(self) -> None:
        self._told: set[int] = set()

    def look_at(self, guild: discord.Guild) -> None:
        """Log a warning if Echo may not do what it needs to."""
        if guild.id in self._told:
            return
        self._told.add(guild.id)
        if missing := missing_in(guild):
            log.warning("discord_permissions_missing", guild=guild.id, missing=missing)
