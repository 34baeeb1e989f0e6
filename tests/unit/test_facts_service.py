"""What is told of people to those who may see it, and found by words."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from source.domain.conversation_head import StoredConversation
from source.domain.errors import TranscriptUnwritableError
from source.domain.fact import Fact
from source.domain.memory import MemoryPart
from source.domain.thread import Platform
from source.ports.facts import SummaryOf
from source.ports.privacy import Rewritten
from source.ports.store import Scope
from source.services.fact_forgetting import FactForgetting, ForgottenFacts
from source.services.fact_reading import FactReading
from source.services.facts import FactsService
from source.services.rewriting import Decide, Decision
from tests.fakes.clock import FakeClock
from tests.fakes.dialogue_samples import head_of
from tests.fakes.fact_samples import BEGAN, fact

SCOPE = Scope(Platform.TERMINAL, "ana", None)
TOLD = "- Fact (2026-03-01): Ana lives in Lisbon."


@dataclass
class KnownFacts:
    """Implements FactStore over a list; everybody sees everything."""

    facts: list[Fact]
    summaries: Sequence[SummaryOf] = ()
    unread: int = 0

    async def seen(self, scope: Scope, *, limit: int = 2_000) -> list[Fact]:
        await asyncio.sleep(0)
        return self.facts[:limit]

    async def known_to(self, conversation_id: int, *, limit: int = 2_000) -> list[Fact]:
        return [each for each in await self.seen(SCOPE) if each.conversation_id != conversation_id][:limit]

    async def of_person(self, person_id: int, *, limit: int = 2_000) -> list[Fact]:
        return [each for each in await self.seen(SCOPE) if each.found.person_id == person_id][:limit]

    async def fact(self, fact_id: int) -> Fact | None:
        return next((each for each in await self.seen(SCOPE) if each.fact_id == fact_id), None)

    async def forget(self, fact_ids: Sequence[int]) -> int:
        await asyncio.sleep(0)
        before = len(self.facts)
        self.facts = [each for each in self.facts if each.fact_id not in fact_ids]
        return before - len(self.facts)

    async def summaries_near(self, fact_ids: Sequence[int]) -> list[SummaryOf]:
        await asyncio.sleep(0)
        return [*self.summaries] if fact_ids else []

    async def read_memories(self, *, limit: int) -> int:
        await asyncio.sleep(0)
        read = min(limit, self.unread)
        self.unread -= read
        return read


@dataclass
class Conversations:
    """Changes one conversation, whatever its id, or cannot."""

    stored: StoredConversation
    is_away: bool = False

    async def change(self, conversation_id: int, decide: Decide) -> Decision:
        if self.is_away:
            raise TranscriptUnwritableError("the disk is full")
        decision = await decide(self.stored)
        if isinstance(decision, Rewritten):
            self.stored = StoredConversation(decision.head, self.stored.messages, self.stored.people)
        return decision


def service(*facts: Fact) -> FactsService:
    return FactsService(KnownFacts([*facts]), FakeClock(BEGAN))


async def test_what_is_known_now_is_found_by_words_the_best_first() -> None:
    old, new = fact("Ana likes tea in Lisbon.", day=-9), fact("Ana lives in Lisbon.", day=-8)
    moved = fact("Ana lives in Porto.", day=-7)
    tea = fact("Ana likes green tea.", day=-6, part=MemoryPart.PREFERENCES)
    found = await service(old, new, moved, tea).facts_for(SCOPE, "green tea", 5)
    assert [each.text for each in found] == [tea.text, old.text]
    assert (found[0].conversation_id, found[0].message_ids) == (tea.conversation_id, tea.message_ids)
    assert found[0].said_at == tea.said_at
    assert found[0].score > found[1].score > 0
    assert len(await service(old, tea).facts_for(SCOPE, "tea", 1)) == 1
    assert await service(old, tea).facts_for(SCOPE, "boats", 5) == []


async def test_what_one_person_says_replaces_nothing_of_another_s() -> None:
    mine, theirs = fact("I live in Lisbon", day=1), fact("I live in Porto", day=2, person=2)
    known = await service(mine, theirs).known_to(conversation_id=0)
    assert all(each.is_current for each in known)
    assert len(known) == 2


def told_in(text: str) -> tuple[SummaryOf, Conversations]:
    head = head_of(carried_summary=text)
    return SummaryOf(1, ("", text), ("Ana",)), Conversations(StoredConversation(head, (), {}))


async def test_summaries_lose_their_line_before_the_fact_goes() -> None:
    home = fact("Ana lives in Lisbon.")
    summary, conversations = told_in(TOLD)
    store = KnownFacts([home], [summary])
    assert await FactForgetting(store, conversations).forget([home]) == ForgottenFacts(facts=1, summaries=1, left=0)
    assert conversations.stored.head.carried_summary == ""
    assert store.facts == []


async def test_a_summary_that_cannot_be_changed_is_told_and_the_fact_goes() -> None:
    home = fact("Ana lives in Lisbon.")
    summary, conversations = told_in(TOLD)
    conversations.is_away = True
    store = KnownFacts([home], [summary])
    assert await FactForgetting(store, conversations).forget([home]) == ForgottenFacts(facts=1, summaries=0, left=1)
    assert store.facts == []


async def test_summaries_that_tell_something_else_are_not_touched() -> None:
    summary, conversations = told_in("- Fact (2026-03-01): Ana likes tea.")
    conversations.is_away = True
    home = fact("Ana lives in Lisbon.")
    done = await FactForgetting(KnownFacts([home], [summary]), conversations).forget([home])
    assert done == ForgottenFacts(facts=1, summaries=0, left=0)


async def test_older_memories_are_read_to_the_end_and_stopping_leaves_the_rest() -> None:
    store = KnownFacts([], unread=99)
    reading = FactReading(store)
    reading.start()
    await asyncio.sleep(0)
    await reading.stop()
    assert store.unread > 0
    await FactReading(store).read_all()
    assert store.unread == 0
