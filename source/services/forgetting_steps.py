"""What forgetting somebody makes of each conversation."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from source.domain.conversation_head import ConversationHead, CreatedReason, StoredConversation
from source.domain.leaving import Leaving, leaving, text_of, with_their_tools
from source.domain.message import Message, Standing
from source.domain.quoting import Quotes, words_in
from source.domain.transcript_name import transcript_name
from source.ports.privacy import PersonReading, Rewritten, Who
from source.services.rewriting import Decision, Whole
from source.services.summaries_anew import SummariesAnew

# Titles that somebody typed; all others were made from what was said.
_TYPED: Final = frozenset({CreatedReason.NEW_COMMAND, CreatedReason.FRESH_COMMAND})


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Who is forgotten, up to when: what has a key or an id of at least `before` was said afterwards."""

    who: Who
    before: int


class ForgettingSteps:
    """Decides what is left of a conversation without somebody; deciding again after a crash decides the rest."""

    def __init__(self, reading: PersonReading, anew: SummariesAnew) -> None:
        self._reading = reading
        self._anew = anew

    async def leaving(self, stored: StoredConversation, forgotten: Forgotten) -> Leaving:
        """Return which messages go with the person."""
        is_theirs = await self._theirs(stored, forgotten)
        return leaving(stored.messages, is_theirs, forgotten.who.names)

    async def own(self, stored: StoredConversation, forgotten: Forgotten) -> Decision:
        """Decide of a conversation in which the person took part."""
        ids = forgotten.who.ids_on(stored.head.thread.platform)
        found = await self.leaving(stored, forgotten)
        stays = any(each.requester in ids and each.message_id not in found.own for each in stored.messages)
        began = stored.head.requester in ids
        if found.is_alone and not stays and (began or stored.head.requester is None):
            is_older = stored.head.conversation_id < forgotten.before
            return Whole.GOES if is_older or found.own else None
        if not found.all and not began:
            return None if stays else self._left_by(stored.head, ids)
        if stays and not found.all:
            return None
        left = _without(stored, found.all, () if stays else ids)
        quotes = _quotes_of(stored.messages, found)
        head = await self._anew.of(left, title_goes=lambda title: _goes(left.head, title, quotes))
        if began and not stays:
            head = _begun_by_nobody(head)
        return Rewritten(head, emptied=sorted(found.all), names=ids, left_by=() if stays else ids, drops_context=True)

    async def quoting(self, stored: StoredConversation, quotes: Quotes) -> Decision:
        """Decide of a conversation of others in which Echo may have repeated what the person said."""
        known = words_in(each.message_content for each in stored.messages if each.is_from_person)
        repeating = {each.message_id for each in stored.messages if _repeats(each, quotes, known)}
        repeated = sorted(with_their_tools(stored.messages, repeating))
        head = stored.head
        told = (head.title, head.summary, head.carried_summary, head.running_summary)
        if not repeated and not any(quotes.are_word_for_word_in(text, known=known) for text in told):
            return None
        left = _without(stored, repeated, ())
        return Rewritten(await self._anew.of(left, title_goes=quotes.has_any_word_in), emptied=repeated)

    async def later(self, stored: StoredConversation) -> Decision:
        """Decide of a conversation that goes on from one that was changed: what it began with is as that is now."""
        if not stored.head.carried_summary:
            return None
        head = await self._anew.of(stored, title_goes=lambda _: False)
        return None if head == stored.head else Rewritten(head)

    async def _theirs(self, stored: StoredConversation, forgotten: Forgotten) -> Callable[[Message], bool]:
        """Return whether a message is the person's and older than their wish: by when it was accepted, if known."""
        platform = stored.head.thread.platform
        ids = forgotten.who.ids_on(platform)
        theirs = [each for each in stored.messages if each.requester in ids]
        keys = await self._reading.keys_of(platform, [each.event_id for each in theirs if each.event_id])

        def is_theirs(message: Message) -> bool:
            key = keys.get(message.event_id or "", message.message_id)
            return message.requester in ids and min(key, message.message_id) < forgotten.before

        return is_theirs

    def _left_by(self, head: ConversationHead, ids: Collection[str]) -> Rewritten:
        return Rewritten(head, names=ids, left_by=ids)


def _without(stored: StoredConversation, going: Collection[int], ids: Collection[str]) -> StoredConversation:
    messages = tuple(_emptied(each) if each.message_id in going else each for each in stored.messages)
    people = {external_id: name for external_id, name in stored.people.items() if external_id not in ids}
    return StoredConversation(stored.head, messages, people)


def _emptied(message: Message) -> Message:
    return replace(message, message_content="", tools=None, requester=None, standing=Standing.DELETED, pii=())


def _quotes_of(messages: Sequence[Message], found: Leaving) -> Quotes:
    own = (text_of(message) for message in messages if message.message_id in found.own)
    others = (each.message_content for each in messages if each.is_from_person and each.message_id not in found.own)
    return Quotes(own, others)


def _goes(head: ConversationHead, title: str, quotes: Quotes) -> bool:
    return head.created_reason not in _TYPED or quotes.has_any_word_in(title)


def _begun_by_nobody(head: ConversationHead) -> ConversationHead:
    name = transcript_name(
        created_at=head.created_at, requester=None, guild_id=head.thread.guild_id, platform=head.thread.platform
    )
    return replace(head, requester=None, filename=name)


def _repeats(message: Message, quotes: Quotes, known: Collection[str]) -> bool:
    is_told = not message.is_from_person and message.is_kept
    return is_told and quotes.are_word_for_word_in(text_of(message), known=known)
