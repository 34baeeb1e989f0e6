"""Memories that others have made."""

import pytest

from source.domain.errors import RefusedInputError, StoreConflictError
from source.domain.memory import MemorySource
from source.domain.turn import Purpose
from source.services.memory_intake import MemoryIntake
from source.services.structured_model import StoreLedger
from tests.fakes.memory_samples import claim
from tests.fakes.memory_work import MemoryWork
from tests.fakes.store_samples import call


def intake(work: MemoryWork) -> MemoryIntake:
    return MemoryIntake(work.store, work.memories, StoreLedger(work.store))


async def test_what_the_messages_show_is_kept_with_what_it_cost() -> None:
    work = MemoryWork()
    conversation = await work.put("I moved to Lisbon.", "Nice!")
    moved, nice = (message.message_id for message in work.messages(conversation))
    posted = {"summary": "Ann moved to Lisbon.", "facts": [claim("Ann has a castle.", moved)], "covers_to": moved}
    usage = call(100, purpose=Purpose.MEMORY)
    kept = await intake(work).put(conversation, posted, usage=[usage])
    assert kept is not None
    assert kept.memory_data["summary"] == claim("Ann moved to Lisbon.", moved)
    assert (kept.memory_data["facts"], kept.memory_data["dropped"]) == ([], 1)
    assert (kept.source, kept.covers_to) == (MemorySource.MODEL, moved)
    assert work.store.usage_of[conversation] == [usage]
    again = await intake(work).put(conversation, {"summary": "Lisbon."}, version=1)
    assert again is not None
    assert (again.memory_id, again.version, again.covers_to) == (kept.memory_id, 2, nice)


async def test_who_saw_another_version_is_told() -> None:
    work = MemoryWork()
    conversation = await work.put("I moved to Lisbon.")
    with pytest.raises(StoreConflictError):
        await intake(work).put(conversation, {"summary": "Lisbon."}, version=3)


async def test_what_nothing_shows_is_refused_and_the_old_memory_stays() -> None:
    work = MemoryWork()
    conversation = await work.put("I moved to Lisbon.")
    kept = await intake(work).put(conversation, {"summary": "Lisbon."})
    with pytest.raises(RefusedInputError):
        await intake(work).put(conversation, {"summary": "The opera burned down."})
    assert await work.memories.memory(conversation) == kept


async def test_there_is_no_memory_of_a_conversation_that_is_not_there() -> None:
    assert await intake(MemoryWork()).put(404, {"summary": "Lisbon."}) is None
