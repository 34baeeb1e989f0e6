"""Takes what somebody said out of the conversations of others who were shown it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from source.domain.conversation_head import StoredConversation
from source.domain.errors import StoreConflictError
from source.domain.leaving import text_of
from source.domain.quoting import Quotes
from source.ports.privacy import PersonReading, ReceiptStore, SaidStore
from source.services.forgetting_steps import ForgettingSteps
from source.services.rewriting import Decision, Rewriting

# Each time less is left that could be repeated: more often than this only happens when something is wrong.
_MOST_TIMES: Final = 20


@dataclass(frozen=True, slots=True)
class _Search:
    """What is looked for, and where."""

    quotes: Quotes
    later: frozenset[int]
    conversation_ids: tuple[int, ...]


class ForgettingOthers:
    """Looks for the words of somebody once they stand nowhere else, and as long as something was found.

    What was found may have been shown to others again before it went; a search that finds nothing says that nobody
    can be shown any of it any more.
    """

    def __init__(
        self,
        receipts: ReceiptStore,
        said: SaidStore,
        reading: PersonReading,
        rewriting: Rewriting,
        steps: ForgettingSteps,
    ) -> None:
        self._receipts = receipts
        self._said = said
        self._reading = reading
        self._rewriting = rewriting
        self._steps = steps

    async def note(self, receipt_id: int, stored: StoredConversation, own: Collection[int]) -> None:
        """Note what is looked for before it goes, of a conversation whose thread is held."""
        texts = [text_of(message) for message in stored.messages if message.message_id in own]
        said = [text for text in texts if text.strip()]
        await self._said.note_said(receipt_id, stored.head.conversation_id, said)

    async def change(self, receipt_id: int, own: Collection[int]) -> None:
        """Have others' conversations lose the words that were noted, of which none stands in the person's any more.

        Raises: EchoError: it is to be done again.
        """
        for _ in range(_MOST_TIMES):
            # A turn may have been shown them before; a conversation that it begins is there once it has ended.
            await self._rewriting.turns_ended()
            if not await self._change_once(await self._search(receipt_id, own)):
                return
        raise StoreConflictError("what is forgotten is still being repeated: it is tried again")

    async def _search(self, receipt_id: int, own: Collection[int]) -> _Search:
        receipt = await self._receipts.receipt(receipt_id)
        noted = receipt.subject.later if receipt is not None and receipt.subject is not None else ()
        said = await self._said.said(receipt_id)
        theirs = {*said, *own}
        later = {*noted, *await self._reading.following(theirs)}
        others: list[str] = []
        for conversation_id in sorted(said):
            stored = await self._rewriting.look(conversation_id)
            others += [each.message_content for each in stored.messages if each.is_from_person] if stored else []
        quotes = Quotes((text for texts in said.values() for text in texts), others)
        shown = {*await self._reading.readers_of(theirs), *theirs, *later}
        return _Search(quotes, frozenset(later), tuple(sorted(shown)))

    async def _change_once(self, search: _Search) -> bool:
        """Whether anything was found; of all that others could have been told, little repeats anything."""
        is_changed = False
        for conversation_id in search.conversation_ids:
            stored = await self._rewriting.look(conversation_id)
            if stored is not None and await self._decide(stored, search) is not None:
                await self._rewriting.change(conversation_id, lambda now: self._decide(now, search))
                is_changed = True
        return is_changed

    async def _decide(self, stored: StoredConversation, search: _Search) -> Decision:
        decision = await self._steps.quoting(stored, search.quotes)
        if decision is None and stored.head.conversation_id in search.later:
            return await self._steps.later(stored)
        return decision
