"""Who people are in a guild, where Discord does not say it along with a message."""

import discord
import structlog

log = structlog.get_logger(__name__)


class Members:
    """Looks each person up once; messages that are read later come without their author's roles and name in the guild.

    It is for one sitting: roles change.
    """

    def __init__(self) -> None:
        self._members: dict[tuple[int, int], discord.Member] = {}

    async def complete(self, message: discord.Message) -> None:
        """Make the author a member of the guild, if Discord knows them as one."""
        guild, author = message.guild, message.author
        if guild is None or isinstance(author, discord.Member):
            return
        key = (guild.id, author.id)
        if key not in self._members:
            try:
                self._members[key] = await guild.fetch_member(author.id)
            except discord.HTTPException as error:  # they have left, or Discord does not say
                log.info("member_unknown", guild=guild.id, status=error.status)
                return
        message.author = self._members[key]
