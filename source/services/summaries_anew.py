"""Makes what is told of a conversation anew, from what is left of it."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.message import Message, Standing
from source.domain.quoting import Quotes
from source.ports.privacy import Rewritten
from source.services.summarizer import ConversationSummarizer
from source.services.told_elsewhere import ToldElsewhere

Says = Callable[[str], bool]
Decide = Callable[[StoredConversation], Awaitable[Rewritten | None]]


class Heads(Protocol):
    """What is needed of an `ArchiveStore`."""

    async def head_of(self, conversation_id: int) -> ConversationHead | None: ...


class SummariesAnew:
    """Replaces titles and summaries that tell of messages which are gone; no model is asked, and none sees them."""

    def __init__(self, summarizer: ConversationSummarizer, heads: Heads) -> None:
        self._summarizer = summarizer
        self._heads = heads

    async def of(self, left: StoredConversation, *, title_goes: Says, carried: str | None = None) -> ConversationHead:
        """Return the head with whatever was told of the conversation made from what is `left` of it.

        It begins with what is `carried`, or, without that, with what the one before it tells now.
        """
        told = left.head
        begins_with = await self._carried(told) if carried is None else carried
        head = replace(told, carried_summary=begins_with, running_summary="", title="", summary="")
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


Again = Callable[[], Awaitable[None]]
"""Does once more, after a change, what was done before it."""


class ChangesConversations(Protocol):
    """What is needed of `Rewriting`."""

    async def change(self, conversation_id: int, decide: Decide) -> object:
        """As in `Rewriting`."""
        ...


class Follows(Protocol):
    """What is needed of `PersonReading`."""

    async def following(self, conversation_ids: Collection[int]) -> list[int]:
        """As in `PersonReading`."""
        ...


class CorrectedSummaries:
    """Has words that somebody took back leave titles and summaries too, also those that were carried on."""

    def __init__(
        self,
        anew: SummariesAnew,
        heads: Heads,
        following: Follows,
        rewriting: ChangesConversations,
        elsewhere: ToldElsewhere,
    ) -> None:
        self._anew = anew
        self._heads = heads
        self._following = following
        self._rewriting = rewriting
        self._elsewhere = elsewhere

    async def follow(self, conversation_id: int, before: Message, after: Message) -> Again:
        """Make anew what tells of words that only this message had; called before the message itself is changed.

        What is returned is done after that: somebody may have been shown the words meanwhile. What a summary tells in
        other words stays: it cannot be told from what other messages show.
        """
        going = [before] if before.message_content != after.message_content else []
        gone = await self._elsewhere.gone(conversation_id, going, [after.message_content])
        await self._follow(conversation_id, before, after)
        if gone is None:
            return _nothing_more
        gone = replace(gone, left_alone=frozenset([conversation_id]))
        await self._elsewhere.change(gone)
        return partial(self._elsewhere.change_again, gone)

    async def _follow(self, conversation_id: int, before: Message, after: Message) -> None:
        quotes = Quotes([before.message_content], [after.message_content])
        head = await self._heads.head_of(conversation_id)
        if head is None:
            return
        if _tells(head, quotes):
            await self._rewriting.change(conversation_id, lambda stored: self._decide(stored, before, after))
        for later in await self._following.following([conversation_id]):
            await self._rewriting.change(later, lambda stored: self._decide_later(stored, quotes))

    async def _decide(self, stored: StoredConversation, before: Message, after: Message) -> Rewritten | None:
        others = [each for each in stored.messages if each.is_from_person and each.message_id != before.message_id]
        quotes = Quotes([before.message_content], [after.message_content, *(each.message_content for each in others)])
        if not _tells(stored.head, quotes):
            return None
        # What Echo replied stays where it stands, but is not told on.
        shown = (after if each.message_id == after.message_id else each for each in stored.messages)
        messages = tuple(_silent(each) if _repeats(each, quotes) else each for each in shown)
        left = replace(stored, messages=messages)
        head = await self._anew.of(left, title_goes=quotes.has_any_word_in)
        return Rewritten(replace(head, carried_summary=stored.head.carried_summary))

    async def _decide_later(self, stored: StoredConversation, quotes: Quotes) -> Rewritten | None:
        if not _tells(stored.head, quotes) and not quotes.has_any_word_in(stored.head.carried_summary):
            return None
        return Rewritten(await self._anew.of(stored, title_goes=quotes.has_any_word_in))


async def _nothing_more() -> None:
    """There was nothing that could be shown to others."""


def _tells(head: ConversationHead, quotes: Quotes) -> bool:
    return any(quotes.has_any_word_in(text) for text in (head.title, head.summary, head.running_summary))


def _repeats(message: Message, quotes: Quotes) -> bool:
    return not message.is_from_person and quotes.has_any_word_in(message.message_content)


def _silent(message: Message) -> Message:
    return replace(message, message_content="", standing=Standing.DELETED)
