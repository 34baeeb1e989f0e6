"""Forgets single facts: out of what is known, out of memories, and out of the summaries that hold their line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from source.domain.conversation_head import StoredConversation
from source.domain.errors import EchoError
from source.domain.fact import Fact
from source.domain.untold import untold
from source.ports.facts import FactStore, SummaryOf
from source.ports.privacy import Rewritten
from source.services.rewriting import Decide, Decision

log = structlog.get_logger(__name__)


class ChangesConversations(Protocol):
    """What is needed of `Rewriting`."""

    async def change(self, conversation_id: int, decide: Decide) -> Decision:
        """As in `Rewriting`."""
        ...


@dataclass(frozen=True, slots=True)
class ForgottenFacts:
    """What came of it: facts gone, summaries that lost a line, and summaries that could not be changed now."""

    facts: int
    summaries: int
    left: int


class FactForgetting:
    """The facts go last: what is cut off before is still there to be forgotten again."""

    def __init__(self, store: FactStore, conversations: ChangesConversations) -> None:
        self._store = store
        self._conversations = conversations

    async def forget(self, facts: Sequence[Fact]) -> ForgottenFacts:
        """Forget these facts for good, each wherever it was said.

        Raises: StoreError: the facts are still known.
        """
        keys = [fact.fact_id for fact in facts]
        told = tuple({fact.found.text: None for fact in facts})
        changed = left = 0
        for summary in await self._store.summaries_near(keys):
            if any(untold(text, told, summary.names) != text for text in summary.texts):
                is_changed = await self._untell(summary, told)
                changed += is_changed
                left += not is_changed
        gone = await self._store.forget(keys)
        log.info("facts_forgotten", facts=gone, summaries=changed, left=left)
        return ForgottenFacts(gone, changed, left)

    async def _untell(self, summary: SummaryOf, told: Sequence[str]) -> bool:
        """Take what is told out of a conversation's summaries; False: it cannot be done now."""

        async def without(stored: StoredConversation) -> Rewritten | None:
            head = stored.head
            left = replace(
                head,
                title=untold(head.title, told, summary.names),
                summary=untold(head.summary, told, summary.names),
                carried_summary=untold(head.carried_summary, told, summary.names),
                running_summary=untold(head.running_summary, told, summary.names),
            )
            return None if left == head else Rewritten(left)

        try:
            await self._conversations.change(summary.conversation_id, without)
        except EchoError as error:
            log.warning("summary_not_changed", conversation_id=summary.conversation_id, reason=type(error).__name__)
            return False
        return True
