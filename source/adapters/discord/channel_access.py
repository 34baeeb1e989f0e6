"""Who may talk with Echo where, on Discord."""

from typing import Final

import discord

from source.adapters.discord.places import Place, visitor
from source.domain.access import AccessRules, Verdict
from source.domain.errors import RefusedInputError

REFUSAL: Final = "I am not allowed to talk with you here. Ask whoever runs me, if you think I should be."


class ChannelAccess:
    """The rules of access, asked with what discord.py knows."""

    def __init__(self, rules: AccessRules) -> None:
        self._rules = rules

    def verdict(self, user: discord.abc.User, channel: Place | None) -> Verdict:
        """Judge somebody in a place."""
        return self._rules.verdict(visitor(user, channel))

    def is_unlimited(self, user: discord.abc.User, channel: Place | None) -> bool:
        """Whether no limits hold for somebody there."""
        return self._rules.is_admin(visitor(user, channel))

    def check(self, user: discord.abc.User, channel: Place | None) -> None:
        """Raises: RefusedInputError: this person may not talk with Echo there."""
        if self.verdict(user, channel) is not Verdict.ALLOWED:
            raise RefusedInputError(REFUSAL)
