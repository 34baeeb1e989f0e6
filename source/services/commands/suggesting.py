"""Values that are offered while an option is filled in."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from source.domain.errors import EchoError
from source.ports.store import ConversationCatalog
from source.services.commands.numbered import WHICH, Eligible, line_of, listed
from source.services.commands.vocabulary import (
    LONGEST_LABEL_CHARS,
    MOST_SUGGESTIONS,
    CommandInvocation,
    Suggestion,
)

log = structlog.get_logger(__name__)

# Discord: 3 seconds; what comes late is of no use to somebody who types on.
_DEADLINE = timedelta(seconds=1)


class Suggestions:
    """Offers the person's conversations by number, date and topic."""

    def __init__(
        self, catalog: ConversationCatalog, eligible: Mapping[str, Eligible], *, deadline: timedelta = _DEADLINE
    ) -> None:
        self._catalog = catalog
        self._deadline = deadline
        self._eligible = eligible

    async def offered(self, command: str, option: str, typed: str, invocation: CommandInvocation) -> list[Suggestion]:
        """Return the conversations that a command applies to and that match what was typed; none when that fails."""
        eligible = self._eligible.get(command)
        if eligible is None or option != WHICH:
            return []
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                conversations = await listed(self._catalog, invocation)
        except (EchoError, TimeoutError) as error:
            log.warning("nothing_suggested", command=command, error=type(error).__name__)
            return []
        shown = [
            Suggestion(_cut(line_of(number, each).strip()), str(each.conversation_id))
            for number, each in enumerate(conversations, 1)
            if each in eligible
        ]
        return _matching(shown, typed.strip().removeprefix("#").casefold())[:MOST_SUGGESTIONS]


def _matching(shown: Sequence[Suggestion], wanted: str) -> list[Suggestion]:
    """Return those whose number begins with what was typed, else those in which it stands somewhere."""
    numbered = [each for each in shown if wanted.isdecimal() and each.label.startswith(wanted)]
    return numbered or [each for each in shown if wanted in each.label.casefold() or wanted == each.value]


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL_CHARS else label[: LONGEST_LABEL_CHARS - 1] + "…"
