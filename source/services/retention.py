"""Removes what has been kept for as long as it is to be kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.message import Message
from source.domain.privacy import Counts, summed_counts
from source.domain.quoting import Quotes
from source.ports.privacy import PersonReading, ReceiptStore, RetentionStore, Rewritten
from source.services.retention_view import RetentionView, place_of
from source.services.rewriting import Decision, Rewriting, Whole
from source.services.summaries_anew import SummariesAnew
from source.services.told_elsewhere import GoneWords, ToldElsewhere, all_gone

ACTION: Final = "retention"


class Erases(Protocol):
    """Has nothing of what was removed left in files."""

    async def erase(self) -> None: ...


class Loads(Protocol):
    """What is needed of the store."""

    async def load(self, conversation_id: int) -> StoredConversation | None: ...


@dataclass(frozen=True, slots=True)
class RetentionParts:
    """What applying retention works with; `files` are all that may keep bytes of what was removed."""

    view: RetentionView
    store: RetentionStore
    conversations: Loads
    reading: PersonReading
    receipts: ReceiptStore
    rewriting: Rewriting
    anew: SummariesAnew
    elsewhere: ToldElsewhere
    files: Sequence[Erases]


class RetentionService:
    """Removes messages with their index, memories, summaries, files and archives; what is newer stays.

    Each step may be done again, and does the rest then.
    """

    def __init__(self, parts: RetentionParts) -> None:
        self._parts = parts
        self._view = parts.view
        # An earlier process may have been cut off before it erased what it removed.
        self._has_remains = True

    async def due(self) -> list[int]:
        """Return the conversations of which something may be due."""
        return await self._view.due()

    async def apply(self, conversation_ids: Sequence[int], *, dry_run: bool) -> Mapping[str, Counts]:
        """Remove what is due of these conversations, or only count it; by place.

        Raises: EchoError: do it again.
        """
        places: dict[str, Counts] = {}
        due: list[int] = []
        going: list[GoneWords] = []
        for conversation_id in conversation_ids:
            stored = await self._parts.conversations.load(conversation_id)
            if stored is None:
                continue
            counts = await self._view.counted(stored)
            if any(counts.values()):
                due.append(conversation_id)
                going += await self._going(stored) if not dry_run else ()
                name = place_of(stored.head.thread)
                places[name] = summed_counts(places.get(name, {}), counts)
        if not dry_run:
            await self._remove(due, all_gone(going))
        if places and not dry_run:
            await self._parts.receipts.note_audit(ACTION, ACTION, summed_counts(*places.values()))
        return places

    async def apply_to_summaries(self, *, dry_run: bool) -> int:
        """Remove the user summaries that are due, or only count them."""
        old = await self._view.old_summaries()
        if dry_run or not old:
            return len(old)
        self._has_remains = True
        deleted = await self._parts.store.delete_summaries(old)
        await self._parts.receipts.note_audit(ACTION, ACTION, {"user_interaction_summaries": deleted})
        return deleted

    async def erase(self) -> None:
        """Have nothing of what was removed left in files, if something was."""
        if self._has_remains:
            for each in self._parts.files:
                await each.erase()
        self._has_remains = False

    async def _going(self, stored: StoredConversation) -> list[GoneWords]:
        """Return what is to be looked for elsewhere, before it goes: with it goes who could see it."""
        old = await self._view.old_in(stored)
        going = [each for each in stored.messages if each.message_id in old and each.is_from_person]
        left = (each.message_content for each in stored.messages if each.message_id not in old and each.is_from_person)
        gone = await self._parts.elsewhere.gone(stored.head.conversation_id, going, left)
        return [gone] if gone is not None else []

    async def _remove(self, conversation_ids: Sequence[int], gone: GoneWords | None) -> None:
        """Where it was shown to others it goes first: what is cut off in between is due still, and found again."""
        if gone is not None:
            self._has_remains = True
            await self._parts.elsewhere.change(gone)
        for conversation_id in conversation_ids:
            await self._remove_from(conversation_id)
        if gone is not None:
            await self._parts.elsewhere.change_again(gone)

    async def _remove_from(self, conversation_id: int) -> None:
        """Change what goes on from it first: what is cut off in between is due still, and found again."""
        self._has_remains = True
        followed: set[int] = set()
        while (stored := await self._parts.conversations.load(conversation_id)) is not None:
            old = await self._view.old_in(stored)
            await self._change_following(stored, old, followed)
            if await self._is_removed(conversation_id, old, followed):
                break

    async def _is_removed(self, conversation_id: int, old: Collection[int], followed: Collection[int]) -> bool:
        """Remove what is `old`, unless something that is not among `followed` goes on from there by now."""
        is_followed = True

        async def decide(stored: StoredConversation) -> Decision:
            # While its thread is held nothing more begins from it.
            nonlocal is_followed
            is_followed = set(await self._parts.reading.following([conversation_id])).issubset(followed)
            return await self._decide(stored, old) if is_followed else None

        await self._parts.rewriting.change(conversation_id, decide)
        return is_followed

    async def _change_following(self, stored: StoredConversation, old: Collection[int], followed: set[int]) -> None:
        """Have the conversations that go on from it begin with what will be left of it to tell."""
        decision = await self._decide(stored, old)
        carried = decision.head.summary if isinstance(decision, Rewritten) else ""
        for later in await self._parts.reading.following([stored.head.conversation_id]):
            if later not in followed and decision is not None:
                await self._parts.rewriting.change(later, lambda now: self._decide_later(now, stored, old, carried))
            followed.add(later)

    async def _decide_later(
        self, later: StoredConversation, parent: StoredConversation, old: Collection[int], carried: str
    ) -> Decision:
        if not later.head.carried_summary:
            return None
        is_next = later.head.parent_conversation_id == parent.head.conversation_id
        quotes = _words_of(parent, old, [each for each in later.messages if each.is_from_person])
        begins_with = carried if is_next else None
        head = await self._parts.anew.of(later, title_goes=quotes.has_any_word_in, carried=begins_with)
        return None if head == later.head else Rewritten(head)

    async def _decide(self, stored: StoredConversation, due: Collection[int]) -> Decision:
        old = {each.message_id for each in stored.messages}.intersection(due)
        if len(old) == len(stored.messages):
            return Whole.GOES if old or await self._view.is_over(stored) else None
        if not old:
            return None
        left = replace(
            stored,
            head=_shortened(stored, old),
            messages=tuple(each for each in stored.messages if each.message_id not in old),
        )
        quotes = _words_of(stored, old)
        head = await self._parts.anew.of(left, title_goes=quotes.has_any_word_in)
        spoke = {each.requester for each in left.messages} | {head.requester}
        gone = [each for each in stored.people if each not in spoke]
        return Rewritten(head, removed=sorted(old), left_by=gone)


def _shortened(stored: StoredConversation, old: Collection[int]) -> ConversationHead:
    """Return the head whose context begins at the same message as before, or at the first that is left."""
    before = stored.messages[: stored.head.context_start]
    return replace(stored.head, context_start=sum(each.message_id not in old for each in before))


def _words_of(stored: StoredConversation, old: Collection[int], others: Sequence[Message] = ()) -> Quotes:
    left = [each for each in stored.messages if each.message_id not in old]
    return Quotes(
        (each.message_content for each in stored.messages if each.message_id in old),
        (each.message_content for each in (*left, *others)),
    )
