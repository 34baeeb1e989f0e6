"""Making memories, one conversation at a time."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from source.domain.errors import (
    ModelAnswerError,
    ModelInterruptedError,
    ModelRefusedError,
    ModelUnavailableError,
    StoreConflictError,
)
from source.domain.memory import Memory, MemoryItem, MemoryPart, MemorySource, StoredMemory
from source.domain.memory_reading import made_of
from source.domain.offline_notice import OPENING
from source.domain.turn import Purpose
from source.ports.llm import TextDelta
from source.services.memories import MadeMemory, MemoryService, StoreDesk
from source.services.memory_extractors import SaidInConversation, spoken
from tests.fakes.language_model import Answer
from tests.fakes.memory_samples import claim
from tests.fakes.memory_work import MemoryWork, answer
from tests.fakes.store_samples import head

MOVED = answer(facts=[claim("Ann moved to Lisbon.", 1)], language="en")
TALK = ("I moved to Lisbon.", "How do you like it?")


def facts_of(stored: StoredMemory | None) -> list[str]:
    assert stored is not None
    facts = stored.memory_data["facts"]
    assert isinstance(facts, list)
    return [fact["text"] for fact in facts]


async def test_the_memory_has_what_the_model_found_and_what_it_cost_is_kept() -> None:
    work = MemoryWork([MOVED])
    conversation = await work.put(*TALK)
    assert await work.service.make(conversation) is MadeMemory.GENERATED
    stored = await work.memories.memory(conversation)
    assert stored is not None
    assert facts_of(stored) == ["Ann moved to Lisbon."]
    assert (stored.source, stored.covers_to) == (MemorySource.MODEL, work.messages(conversation)[-1].message_id)
    assert [usage.purpose for usage in work.store.usage_of[conversation]] == [Purpose.MEMORY]


async def test_what_is_covered_is_not_asked_again() -> None:
    work = MemoryWork([MOVED])
    conversation = await work.put(*TALK)
    await work.service.make(conversation)
    assert await work.service.make(conversation) is MadeMemory.UNCHANGED
    assert len(work.model.prompts) == 1


async def test_a_conversation_that_is_gone_is_no_failure() -> None:
    assert await MemoryWork().service.make(404) is MadeMemory.GONE


async def test_two_who_make_it_at_once_ask_the_model_once() -> None:
    work = MemoryWork([MOVED])
    conversation = await work.put(*TALK)
    made = await asyncio.gather(work.service.make(conversation), work.service.make(conversation))
    assert sorted(made) == [MadeMemory.GENERATED, MadeMemory.UNCHANGED]
    assert len(work.model.prompts) == 1


async def test_what_was_said_later_is_read_with_what_is_remembered() -> None:
    work = MemoryWork([MOVED, answer(facts=[claim("It rains in Lisbon.", 2)], settled=[])])
    place = head(is_active=False)
    conversation = await work.put(*TALK, conversation=place)
    await work.service.make(conversation)
    await work.put("It rains a lot.", conversation=place, after=60)
    assert await work.service.make(conversation) is MadeMemory.GENERATED
    assert facts_of(await work.memories.memory(conversation)) == ["Ann moved to Lisbon.", "It rains in Lisbon."]
    asked = work.model.prompts[1].messages[-1].content
    assert "Fact: Ann moved to Lisbon." in asked
    assert "How do you like it?" not in asked


async def test_what_is_no_longer_shown_is_not_remembered_on() -> None:
    work = MemoryWork([MOVED, answer()])
    place = head(is_active=False)
    conversation = await work.put(*TALK, conversation=place)
    await work.service.make(conversation)
    await work.take_back(conversation, 0)
    await work.put("And now?", conversation=place, after=60)
    await work.service.make(conversation)
    assert facts_of(await work.memories.memory(conversation)) == []


async def test_a_long_conversation_is_read_in_parts_and_a_failure_keeps_the_first_ones() -> None:
    said = [f"{number} " + "word " * 500 for number in range(20)]
    first = answer(facts=[claim("There is a word.", 1)])
    work = MemoryWork([first, ModelRefusedError("no"), first, first])
    conversation = await work.put(*said)
    with pytest.raises(ModelRefusedError):
        await work.service.make(conversation)
    part = await work.memories.memory(conversation)
    assert part is not None
    assert 0 < part.covers_to < work.messages(conversation)[-1].message_id
    assert await work.service.make(conversation) is MadeMemory.GENERATED
    prompts = [prompt.messages[-1].content for prompt in work.model.prompts]
    assert [" 0 word" in prompt for prompt in prompts] == [True, False, False, False]
    whole = await work.memories.memory(conversation)
    assert whole is not None
    assert whole.covers_to == work.messages(conversation)[-1].message_id


async def test_an_answer_of_the_wrong_shape_is_an_error_and_nothing_is_kept() -> None:
    work = MemoryWork(["I cannot.", "I really cannot."])
    conversation = await work.put(*TALK)
    with pytest.raises(ModelAnswerError):
        await work.service.make(conversation)
    assert await work.memories.memory(conversation) is None


@pytest.mark.parametrize("wrong", [claim("She is a countess.", 1), claim("She greeted.", 77)])
async def test_where_nothing_of_an_answer_is_shown_there_are_quotes(wrong: dict[str, object]) -> None:
    work = MemoryWork([answer(facts=[wrong])])
    conversation = await work.put("I live here.", "Yes.")
    await work.service.make(conversation)
    stored = await work.memories.memory(conversation)
    assert stored is not None
    assert stored.source is MemorySource.OFFLINE
    assert facts_of(stored) == ["Ann: “I live here.”"]


async def test_a_model_that_is_away_for_a_moment_is_asked_again_after_a_pause() -> None:
    cut: Answer = [TextDelta("{"), ModelInterruptedError("cut")]
    work = MemoryWork(
        [ModelUnavailableError("busy", retry_after=timedelta(seconds=8)), cut, MOVED],
        pauses=(timedelta(seconds=1), timedelta(seconds=5)),
    )
    conversation = await work.put(*TALK)
    assert await work.service.make(conversation) is MadeMemory.GENERATED
    assert work.clock.slept == [8, 5]


async def test_a_model_that_stays_away_is_not_waited_for_by_every_conversation() -> None:
    work = MemoryWork([ModelUnavailableError("away")] * 12, pauses=(timedelta(seconds=1),))
    conversations = [await work.put(*TALK) for _ in range(6)]
    for conversation in conversations:
        with pytest.raises(ModelUnavailableError):
            await work.service.make(conversation)
    assert len(work.model.prompts) == 4 * 2 + 2
    assert len(work.clock.slept) == 4


async def test_without_a_model_the_memory_says_so() -> None:
    work = MemoryWork(offline=True)
    conversation = await work.put("I live in Lisbon.", "Nice.")
    await work.service.make(conversation)
    stored = await work.memories.memory(conversation)
    assert stored is not None
    assert (stored.source, stored.memory_data["source"]) == (MemorySource.OFFLINE, "offline")
    assert facts_of(stored) == ["Ann: “I live in Lisbon.”"]


async def test_what_was_made_without_a_model_is_made_anew_by_one() -> None:
    work = MemoryWork(offline=True)
    place = head(is_active=False)
    conversation = await work.put("I live in Lisbon.", "Nice.", conversation=place)
    await work.service.make(conversation)
    await work.put("Good night.", conversation=place, after=60)
    work.model.add(answer(facts=[claim("Ann lives in Lisbon.", 1)]))
    await MemoryService(work.desk, work.by_model, work.clock).make(conversation)
    assert facts_of(await work.memories.memory(conversation)) == ["Ann lives in Lisbon."]
    assert "Good night." in work.model.prompts[0].messages[-1].content


async def test_what_a_person_wrote_is_gone_on_from_and_stays_theirs() -> None:
    work = MemoryWork([MOVED])
    conversation = await work.put(*TALK)
    kept = Memory(MemorySource.PERSON, 0, parts={MemoryPart.FACTS: (MemoryItem("A good customer.", ()),)})
    await work.desk.keep(conversation, kept, version=0, made_of=made_of((), 0))
    await work.service.make(conversation)
    stored = await work.memories.memory(conversation)
    assert stored is not None
    assert stored.source is MemorySource.PERSON
    assert facts_of(stored) == ["A good customer.", "Ann moved to Lisbon."]


@pytest.mark.parametrize("texts", [(" \n",), ("", OPENING + ", sorry.")])
async def test_where_nothing_was_said_there_is_an_empty_memory_and_no_call(texts: tuple[str, ...]) -> None:
    work = MemoryWork()
    conversation = await work.put(*texts)
    assert await work.service.make(conversation) is MadeMemory.GENERATED
    stored = await work.memories.memory(conversation)
    assert stored is not None
    assert facts_of(stored) == []
    assert await work.eligible.found() == []
    assert not work.model.prompts


class ChangedMeanwhile(StoreDesk):
    """Somebody else changes the memory before each of the first `times` writes."""

    times = 1

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        if self.times:
            self.times -= 1
            await super().keep(
                conversation_id, Memory(MemorySource.MODEL, memory.covers_to), version=version, made_of=made_of
            )
        return await super().keep(conversation_id, memory, version=version, made_of=made_of)


class NeverTheSame(StoreDesk):
    """Always somebody else was faster, with a memory that covers less."""

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        raise StoreConflictError("changed")


async def test_a_memory_that_was_made_elsewhere_meanwhile_is_left_alone() -> None:
    work = MemoryWork([MOVED])
    conversation = await work.put(*TALK)
    service = MemoryService(ChangedMeanwhile(work.store, work.memories), work.extractor, work.clock)
    assert await service.make(conversation) is MadeMemory.UNCHANGED
    assert facts_of(await work.memories.memory(conversation)) == []


class EditedMeanwhile(StoreDesk):
    """The first message is edited before the first write, and the memory itself is not touched."""

    def __init__(self, work: MemoryWork) -> None:
        super().__init__(work.store, work.memories)
        self.work = work

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        first = self.work.messages(conversation_id)[0]
        if first.edited_at is None:
            edited = replace(first, message_content="I moved to Porto.", edited_at=self.work.clock.now())
            await self.work.store.correct(conversation_id, edited)
        return await super().keep(conversation_id, memory, version=version, made_of=made_of)


async def test_what_is_edited_while_its_memory_is_made_is_read_again() -> None:
    work = MemoryWork([MOVED, answer(facts=[claim("Ann moved to Porto.", 1)], language="en")])
    conversation = await work.put(*TALK)
    service = MemoryService(EditedMeanwhile(work), work.extractor, work.clock)
    assert await service.make(conversation) is MadeMemory.GENERATED
    assert facts_of(await work.memories.memory(conversation)) == ["Ann moved to Porto."]


async def test_a_memory_that_never_stops_changing_is_given_up_for_now() -> None:
    work = MemoryWork([MOVED] * 3)
    conversation = await work.put(*TALK)
    service = MemoryService(NeverTheSame(work.store, work.memories), work.extractor, work.clock)
    with pytest.raises(StoreConflictError, match="tried again later"):
        await service.make(conversation)


async def test_the_language_is_told_by_what_people_wrote_last() -> None:
    work = MemoryWork()
    conversation = await work.put("old " * 2_000, "Echo's words", "new")
    found = await work.desk.fetch(conversation)
    assert found is not None
    text = spoken(await SaidInConversation.of(conversation, found))
    assert text.endswith("\nnew")
    assert "Echo" not in text
    assert len(text) < 4_100
