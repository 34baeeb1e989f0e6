"""The command that tells what was counted."""

from source.domain.errors import RefusedInputError
from source.services.commands.vocabulary import CommandInvocation, CommandReply
from source.services.statistics import Statistics


class StatsCommand:
    """`/stats`."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics

    async def stats(self, invocation: CommandInvocation) -> CommandReply:
        """Tell what was said in the thread, what it took and what was saved: numbers only, for whoever is there."""
        if not invocation.is_in_thread:
            raise RefusedInputError("I count by thread: ask me in one of mine.")
        return CommandReply(await self._statistics.told(invocation.thread.key))
