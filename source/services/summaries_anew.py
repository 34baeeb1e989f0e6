"""Makes what is told of a conversation anew, from what is left of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.message import Message
from source.services.summarizer import ConversationSummarizer

Says = Callable[[str], bool]


class Heads(Protocol):
    """What is needed of an `ArchiveStore`."""

    async def head_of(self, conversation_id: int) -> ConversationHead | None: ...


class SummariesAnew:
    """Replaces titles and summaries that tell of messages which are gone; no model is asked, and none sees them."""

    def __init__(self, summarizer: ConversationSummarizer, heads: Heads) -> None:
        self._summarizer = summarizer
        self._heads = heads

    async def of(self, left: StoredConversation, *, title_goes: Says) -> ConversationHead:
        """Return the head with whatever was told of the conversation made from what is `left` of it."""
        told = left.head
        head = replace(told, carried_summary=await self._carried(told), running_summary="", title="", summary="")
        if told.running_summary:
            leaving = _kept(left.messages[: told.context_start])
            head = replace(head, running_summary=(await self._folded(head, leaving, left)))
        loses_title = bool(told.title) and title_goes(told.title)
        if not loses_title:
            head = replace(head, title=told.title)
        if not told.summary and not loses_title:
            return head
        said = _kept(left.messages[told.context_start :])
        made = (await self._summarizer.summarize_offline(head, said, left.people)).summary
        return replace(head, summary=made.text if told.summary else "", title=head.title or made.title)

    async def _folded(self, head: ConversationHead, leaving: Sequence[Message], left: StoredConversation) -> str:
        return (await self._summarizer.fold_offline(head, leaving, left.people)).summary.text

    async def _carried(self, head: ConversationHead) -> str:
        """Return what the conversation would begin with now: the summary of the one before it, as that is now."""
        if not head.carried_summary or head.parent_conversation_id is None:
            return ""
        parent = await self._heads.head_of(head.parent_conversation_id)
        return parent.summary if parent is not None else ""


def _kept(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.is_kept]
