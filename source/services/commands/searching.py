"""The command that finds past messages."""

from source.domain.recall.passages import RecallBudget, RecalledTurn
from source.domain.stop_words import STOP_WORDS
from source.domain.summary_text import words as words_in
from source.ports.recall import Eyes
from source.ports.store import ConversationCatalog
from source.services.commands.messages import MessageFinder
from source.services.commands.numbered import day, scope_of
from source.services.commands.vocabulary import CommandInvocation, CommandReply, Line
from source.services.recalling import Recalls

_MOST_HITS = 10
# One more than is shown: one may be the message that is asked about.
_HITS = RecallBudget(1_000_000, _MOST_HITS + 1, holding_words=True)
_EXCERPT_CHARS = 160
_BEFORE_THE_WORD = 40
_WORDS_OF_A_MESSAGE = 12


class SearchCommand:
    """`/search`."""

    def __init__(self, recall: Recalls, catalog: ConversationCatalog, finder: MessageFinder) -> None:
        self._recall = recall
        self._catalog = catalog
        self._finder = finder

    async def search(self, invocation: CommandInvocation) -> CommandReply:
        """Find past messages that the person may see; those like a given one leave that one out."""
        words, origin = invocation.text("words"), invocation.text("message")
        if origin:
            words = _telling(words)
        turns = await self._found(words, origin, invocation)
        if not turns:
            return CommandReply("Nothing that was said here holds those words.")
        lines = [await self._line(turn, words) for turn in turns]
        return CommandReply("\n".join(line.text for line in lines), lines=tuple(lines))

    async def _found(self, words: str, origin: str, invocation: CommandInvocation) -> list[RecalledTurn]:
        found = await self._recall.search(words, Eyes((scope_of(invocation),)), _HITS)
        said = await self._finder.found(origin, invocation) if origin else None
        itself = (said.conversation_id, said.message.message_id) if said else None
        return [turn for turn in found.turns if turn.said.key != itself][:_MOST_HITS]

    async def _line(self, turn: RecalledTurn, words: str) -> Line:
        text = f"{day(turn.said.said_at)}  {turn.who}: {excerpt(turn.said.text, words)}"
        return Line(text, turn.thread, turn.event_id or await self._answered(turn))

    async def _answered(self, turn: RecalledTurn) -> str | None:
        """Return the platform's id of the latest message before Echo's own: the nearest that can be linked."""
        conversation = await self._catalog.load(turn.said.conversation_id)
        said = conversation.messages if conversation else ()
        before = [message for message in said if message.event_id and message.message_id < turn.said.message_id]
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
