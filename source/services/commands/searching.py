"""The command that finds past messages."""

from collections.abc import Mapping, Sequence

from source.domain.conversation_head import StoredConversation
from source.domain.message import Message
from source.domain.offline_notice import is_offline_notice
from source.domain.stop_words import STOP_WORDS
from source.domain.summary_text import words as words_in
from source.ports.store import ConversationCatalog, SearchHit
from source.services.commands.messages import MessageFinder
from source.services.commands.numbered import day, scope_of
from source.services.commands.vocabulary import CommandInvocation, CommandReply, Line
from source.services.recall_notes import Recalled, not_counted

_MOST_HITS = 10
_EXCERPT_CHARS = 160
_BEFORE_THE_WORD = 40
_WORDS_OF_A_MESSAGE = 12


class SearchCommand:
    """`/search`."""

    def __init__(
        self, catalog: ConversationCatalog, finder: MessageFinder, *, recalled: Recalled = not_counted
    ) -> None:
        self._catalog = catalog
        self._finder = finder
        self._recalled = recalled

    async def search(self, invocation: CommandInvocation) -> CommandReply:
        """Find past messages that the person may see; those like a given one leave that one out."""
        words, origin = invocation.text("words"), invocation.text("message")
        if origin:
            words = _telling(words)
        hits = await self._hits(words, origin, invocation)
        if not hits:
            return CommandReply("Nothing that was said here holds those words.")
        self._recalled(hit.conversation_id for hit in hits)
        whole = await self._whole(hits, invocation)
        lines = tuple(_line(hit, words, whole.get(hit.conversation_id), invocation) for hit in hits)
        return CommandReply("\n".join(line.text for line in lines), lines=lines)

    async def _hits(self, words: str, origin: str, invocation: CommandInvocation) -> list[SearchHit]:
        found = await self._catalog.search(words, scope=scope_of(invocation), limit=_MOST_HITS + 1)
        said = await self._finder.found(origin, invocation) if origin else None
        itself = (said.conversation_id, said.message.message_id) if said else None
        worth_showing = [hit for hit in found if not is_offline_notice(hit.message)]
        others = [hit for hit in worth_showing if (hit.conversation_id, hit.message.message_id) != itself]
        return others[:_MOST_HITS]

    async def _whole(
        self, hits: Sequence[SearchHit], invocation: CommandInvocation
    ) -> Mapping[int, StoredConversation]:
        """Load the conversations that alone know who spoke, or which message of a person Echo answered."""
        needed = {hit.conversation_id for hit in hits if hit.message.requester != invocation.person.external_id}
        loaded = [await self._catalog.load(conversation_id) for conversation_id in sorted(needed)]
        return {each.head.conversation_id: each for each in loaded if each}


def _line(hit: SearchHit, words: str, conversation: StoredConversation | None, invocation: CommandInvocation) -> Line:
    who = _speaker(hit.message, conversation, invocation)
    text = f"{day(hit.message.created_at)}  {who}: {excerpt(hit.message.message_content, words)}"
    return Line(text, hit.thread, hit.message.event_id or _answered(hit.message, conversation))


def _speaker(message: Message, conversation: StoredConversation | None, invocation: CommandInvocation) -> str:
    if message.requester is None:
        return "Echo"
    if message.requester == invocation.person.external_id:
        return invocation.person.display_name
    people = conversation.people if conversation else {}
    return people.get(message.requester, message.requester)


def _answered(reply: Message, conversation: StoredConversation | None) -> str | None:
    """Return the platform's id of the latest message before Echo's own: the nearest that can be linked."""
    said = conversation.messages if conversation else ()
    before = [message for message in said if message.event_id and message.message_id < reply.message_id]
    return before[-1].event_id if before else None


def excerpt(text: str, words: str) -> str:
    """Return a line of `text` around the first of the words that is in it."""
    line = " ".join(text.split())
    if len(line) <= _EXCERPT_CHARS:
        return line
    folded = line.casefold()
    found = [place for word in words.casefold().split() if (place := folded.find(word)) >= 0]
    start = max(0, min(found, default=0) - _BEFORE_THE_WORD)
    start = min(start, len(line) - _EXCERPT_CHARS + 1)
    start = 0 if start <= 1 else start
    end = start + _EXCERPT_CHARS - 1 - bool(start)
    return f"{'…' if start else ''}{line[start:end].strip()}{'…' if end < len(line) else ''}"


def _telling(text: str) -> str:
    """Return the words of a message that tell what it is about; all of them if none does."""
    found = list(dict.fromkeys(words_in(text)))
    telling = [word for word in found if word not in STOP_WORDS] or found
    return " ".join(telling[:_WORDS_OF_A_MESSAGE])
