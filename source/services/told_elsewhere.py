"""Takes words that are gone out of what others were shown of them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import StoreConflictError
from source.domain.leaving import text_of, with_their_tools
from source.domain.memory import StoredMemory, told_by
from source.domain.message import Message, as_utc
from source.domain.quoting import Quotes, words_in
from source.domain.unquoted import Says, unquoted
from source.ports.privacy import Rewritten
from source.ports.telling import ShownReading, ShownText, Viewer

# Each time less is left that could be repeated: more often than this only happens when something is wrong.
_MOST_TIMES: Final = 20


class ChangesConversations(Protocol):
    """What is needed of `Rewriting`."""

    async def change(
        self, conversation_id: int, decide: Callable[[StoredConversation], Awaitable[Rewritten | None]]
    ) -> object:
        """As in `Rewriting`."""
        ...

    async def turns_ended(self) -> None:
        """As in `Rewriting`."""
        ...


class Remembers(Protocol):
    """What is needed of the memories."""

    async def memory(self, conversation_id: int) -> StoredMemory | None: ...


@dataclass(frozen=True, slots=True)
class GoneWords:
    """What is not there any more, beside what still is, and who may have been shown it since it was said.

    In the conversations that are `left_alone` what Echo replied stays.
    """

    said: tuple[str, ...]
    others: tuple[str, ...]
    viewers: frozenset[Viewer]
    since: datetime
    left_alone: frozenset[int] = frozenset()


def all_gone(parts: Sequence[GoneWords]) -> GoneWords | None:
    """Return all of it as one; None: nothing is to be looked for."""
    if not parts:
        return None
    return GoneWords(
        said=tuple(text for part in parts for text in part.said),
        others=tuple(text for part in parts for text in part.others),
        viewers=frozenset(viewer for part in parts for viewer in part.viewers),
        since=min(part.since for part in parts),
        left_alone=frozenset(key for part in parts for key in part.left_alone),
    )


class ToldElsewhere:
    """Looks where conversations began with such words, or a tool gave them; what Echo said of them there goes too.

    What a model told in other words stays, but for what a memory noted of it: that is known by what it cites.
    """

    def __init__(self, shown: ShownReading, memories: Remembers, conversations: ChangesConversations) -> None:
        self._shown = shown
        self._memories = memories
        self._conversations = conversations

    async def gone(self, conversation_id: int, going: Sequence[Message], left: Iterable[str]) -> GoneWords | None:
        """Return what is to be looked for, before it goes; None: nothing is.

        Raises: StoreError.
        """
        if not any(each.message_content for each in going):
            return None
        memory = await self._memories.memory(conversation_id)
        noted = told_by(memory.memory_data, {each.message_id for each in going}) if memory is not None else ()
        return GoneWords(
            said=(*(text_of(each) for each in going), *noted),
            others=tuple(left),
            viewers=frozenset(await self._shown.viewers_of([conversation_id])),
            since=min(as_utc(each.created_at) for each in going),
        )

    async def change(self, gone: GoneWords) -> None:
        """Have the words leave what was shown so far; what was said of them may have been shown on.

        Raises: EchoError: do it again.
        """
        quotes = Quotes(gone.said, gone.others)
        viewers = set(gone.viewers)
        for _ in range(_MOST_TIMES):
            changed = await self._change_once(viewers, gone, quotes)
            if not changed:
                return
            viewers |= await self._shown.viewers_of(changed)
        raise StoreConflictError("what is gone is still being repeated: it is tried again")

    async def change_again(self, gone: GoneWords) -> None:
        """As `change`, once the words are gone and whoever was being shown them has kept it."""
        await self._conversations.turns_ended()
        await self.change(gone)

    async def _change_once(self, viewers: Collection[Viewer], gone: GoneWords, quotes: Quotes) -> set[int]:
        shown = await self._shown.shown_to(viewers, gone.since)
        found = await asyncio.to_thread(_repeating, shown, quotes)
        changed: set[int] = set()

        async def decide(stored: StoredConversation) -> Rewritten | None:
            decision = without(stored, quotes)
            if decision is not None:
                changed.add(stored.head.conversation_id)
            return decision

        for conversation_id in sorted(found - gone.left_alone):
            await self._conversations.change(conversation_id, decide)
        return changed


def _repeating(shown: Iterable[ShownText], quotes: Quotes) -> set[int]:
    return {each.conversation_id for each in shown if quotes.are_word_for_word_in(each.text)}


def without(stored: StoredConversation, quotes: Quotes) -> Rewritten | None:
    """Return what is left of a conversation that repeats words; what people say there themselves is no repeat."""
    known = words_in(each.message_content for each in stored.messages if each.is_from_person)

    def says(text: str) -> bool:
        return quotes.are_word_for_word_in(text, known=known)

    repeating = {m.message_id for m in stored.messages if m.is_kept and not m.is_from_person and says(text_of(m))}
    head = _unquoted(stored.head, says)
    if not repeating and head == stored.head:
        return None
    return Rewritten(head, emptied=sorted(with_their_tools(stored.messages, repeating)))


def _unquoted(head: ConversationHead, says: Says) -> ConversationHead:
    return replace(
        head,
        title="" if says(head.title) else head.title,
        summary=unquoted(head.summary, says),
        carried_summary=unquoted(head.carried_summary, says),
        running_summary=unquoted(head.running_summary, says),
    )
