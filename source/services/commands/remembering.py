"""The command that tells what Echo knows of somebody, and forgets it."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.fact import KnownFact
from source.domain.fact_ranking import label_of
from source.domain.fact_words import plain_form
from source.domain.memory import MemoryPart
from source.ports.store import Scope
from source.services.commands.numbered import scope_of
from source.services.commands.vocabulary import CommandInvocation, CommandReply
from source.services.fact_forgetting import FactForgetting, ForgottenFacts
from source.services.facts import FactsService

ALL: Final = "all"
FORGET: Final = "forget"
_MOST_TOLD: Final = 60
_MOST_TOPICS: Final = 20
_MOST_MEANT: Final = 8
# Numbers mean what they meant in the list that was told last.
_LISTS_REMEMBERED: Final = 1_000
_NOTHING: Final = "I know nothing of you here yet. I note what matters once a conversation has been quiet for a while."
_STAYS: Final = (
    "What you wrote stays in its conversation, and a summary may tell it in other words: /forget-me takes all of that."
)


class MemoryCommand:
    """`/memory`."""

    def __init__(self, facts: FactsService, forgetting: FactForgetting) -> None:
        self._facts = facts
        self._forgetting = forgetting
        self._told: OrderedDict[Scope, Sequence[int]] = OrderedDict()

    async def memory(self, invocation: CommandInvocation) -> CommandReply:
        """Tell what is known of the person here, by number, or forget one of it."""
        action, what = invocation.text("action"), invocation.text("what")
        if action == FORGET:
            return await self._forget(what, invocation)
        return await self._tell(what, invocation, with_replaced=action == ALL)

    async def _tell(self, words: str, invocation: CommandInvocation, *, with_replaced: bool) -> CommandReply:
        known = await self._facts.known(scope_of(invocation))
        shown = [each for each in known if with_replaced or each.is_current]
        if words:
            shown = await self._facts.bearing_on(shown, words)
        if not shown:
            return CommandReply(f"I know nothing of you here about {words[:80]}." if words else _NOTHING)
        told = _numbered(shown)
        self._remember(scope_of(invocation), told[:_MOST_TOLD])
        lines = [_line(number, each) for number, each in enumerate(told[:_MOST_TOLD], 1)]
        replaced = 0 if with_replaced else sum(not each.is_current for each in known)
        hints = _hints(len(told), replaced)
        return CommandReply("\n".join(["What I know of you here:", *lines, *_topics(shown), *hints]))

    async def _forget(self, what: str, invocation: CommandInvocation) -> CommandReply:
        if not what:
            raise RefusedInputError(f"Forget what? Write /memory {FORGET} and its number, or part of its text.")
        meant = await self._meant(what, scope_of(invocation))
        done = await self._forgetting.forget(meant.all)
        if not done.facts:
            return CommandReply("I have forgotten that already.")
        return CommandReply(f"Forgotten: {meant.fact.text}\n{_said_of(done)}")

    async def _meant(self, what: str, scope: Scope) -> KnownFact:
        """Return the fact that is meant, as it is known now.

        Raises: RefusedInputError: it is none, or more than one.
        """
        known = await self._facts.known(scope)
        number = what.removeprefix("#").rstrip(".")
        if number.isdecimal():
            told = self._told.get(scope) or _ids(_numbered([each for each in known if each.is_current]))
            if not 0 < int(number) <= len(told):
                raise RefusedInputError(f"There is no number {number[:10]} in what I told you: /memory tells it again.")
            wanted = told[int(number) - 1]
            found = [each for each in known if any(fact.fact_id == wanted for fact in each.all)]
            if not found:
                raise RefusedInputError("I do not know that any more: /memory tells what I know.")
            return found[0]
        return _only(what, [each for each in known if _has(each, what)])

    def _remember(self, scope: Scope, told: Sequence[KnownFact]) -> None:
        # Ids alone: what is forgotten elsewhere must not live on here.
        self._told[scope] = _ids(told)
        self._told.move_to_end(scope)
        if len(self._told) > _LISTS_REMEMBERED:
            self._told.popitem(last=False)


def _ids(known: Sequence[KnownFact]) -> list[int]:
    return [each.fact.fact_id for each in known]


def _numbered(known: Sequence[KnownFact]) -> list[KnownFact]:
    """Return what has a number of its own: what was only talked about is one line."""
    return [each for each in known if not _is_topic(each)]


def _is_topic(known: KnownFact) -> bool:
    return known.fact.part is MemoryPart.TOPICS


def _topics(known: Sequence[KnownFact]) -> list[str]:
    topics = [each.fact.text for each in known if _is_topic(each)]
    return [f"Talked about: {', '.join(topics[:_MOST_TOPICS])}"] if topics else []


def _only(what: str, found: Sequence[KnownFact]) -> KnownFact:
    telling = _numbered(found) or found
    exact = [each for each in telling if each.fact.text.casefold() == what.casefold()]
    meant = exact or telling
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise RefusedInputError(f"I know nothing of you here that says {what[:80]!r}: /memory tells what I know.")
    lines = [f"• {each.fact.text}" for each in meant[:_MOST_MEANT]]
    raise RefusedInputError("\n".join(["Which of these? Write more of it, or its number in /memory.", *lines]))


def _has(known: KnownFact, what: str) -> bool:
    text = known.fact.text
    return what.casefold() in text.casefold() or plain_form(what) == plain_form(text)


def _line(number: int, known: KnownFact) -> str:
    fact = known.fact
    places = len({each.conversation_id for each in known.all})
    told = f" (said in {places} conversations)" if places > 1 else ""
    line = f"{number:>2}. {fact.said_at:%Y-%m-%d}  {label_of(fact)}: {fact.text}{told}"
    by = known.replaced_by
    return f"{line} — no longer so since {by.said_at:%Y-%m-%d}: {by.text}" if by is not None else line


def _hints(number: int, replaced: int) -> list[str]:
    hints = [f"({_MOST_TOLD} of {number}; /memory tea tells only what bears on tea)"] if number > _MOST_TOLD else []
    if replaced:
        hints.append(f"/memory {ALL} also tells what is no longer so ({replaced}).")
    return [*hints, f"/memory {FORGET} 1 forgets the first, for good."]


def _said_of(done: ForgottenFacts) -> str:
    places = (
        f"It is gone from {done.summaries} summar{'y' if done.summaries == 1 else 'ies'} too. "
        if done.summaries
        else ""
    )
    left = f"{done.left} could not be changed just now and still say it. " if done.left else ""
    return f"{places}{left}{_STAYS}"
