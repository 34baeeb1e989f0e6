"""What the buttons under a reply do, when they are clicked twice, late or by somebody special."""

import asyncio
import copy
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Message
from tests.fakes.discord_talks import PATIENCE, Talks, custom_id, talks
from tests.fakes.openai_script import Says


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Talks]:
    async with talks(tmp_path) as place:
        yield place


async def retrying(place: Talks, answer: Message, *, calls: int) -> asyncio.Event:
    """Click Retry and wait for a model that says nothing until the event is set."""
    gate = asyncio.Event()
    place.model.queue(Says(["A better answer."], gate=gate, gate_after=0))
    await place.ada.clicks(answer, custom_id(answer, "retry"))
    await place.discord.until(lambda: len(place.model.requests) == calls, patience=PATIENCE)
    return gate


async def stopped(place: Talks, thread: Channel) -> str:
    """Stop what runs and wait until the thread says so."""
    interaction = await place.ada.uses("/stop", thread)
    await interaction.answered(patience=PATIENCE)
    await place.discord.until(lambda: "Stopped." in place.answers(thread)[-1].content, patience=PATIENCE)
    await place.whole_answers(thread, 2)
    return interaction.answer


async def test_retry_works_again_after_it_was_stopped_before_its_first_word(place: Talks) -> None:
    thread = await place.talk()
    (answer,) = place.answers(thread)
    gate = await retrying(place, answer, calls=2)
    assert await stopped(place, thread) == "Stopped. Whatever I had said by then is kept."
    gate.set()

    place.model.queue(Says(["A better answer."]))
    while place.answers(thread)[-1].content != "A better answer.":  # the one that was stopped may be about to end
        await (await place.ada.clicks(answer, custom_id(answer, "retry"))).acknowledged()


async def test_the_stop_button_of_an_earlier_answer_does_not_stop_the_one_that_runs(place: Talks) -> None:
    first, second = asyncio.Event(), asyncio.Event()
    place.model.queue(Says(["Good ", "day"], gate=first, gate_after=1))
    place.model.queue(Says(["Once ", "upon a time"], gate=second, gate_after=1))
    thread = await place.thread_of(await place.ada.says(place.channel, "<@bot> Hello"))
    await place.discord.until(lambda: place.answers(thread), patience=PATIENCE)
    as_ada_sees_it = copy.copy(place.answers(thread)[-1])
    first.set()
    await place.whole_answers(thread)
    await place.ada.says(thread, "a story")
    await place.discord.until(lambda: "Once" in place.answers(thread)[-1].content, patience=PATIENCE)
    clicked = await place.ada.clicks(as_ada_sees_it, custom_id(as_ada_sees_it, "stop"))
    await clicked.answered(patience=PATIENCE)
    second.set()

    assert clicked.answer == "There is no answer to stop."
    assert (await place.whole_answers(thread, 2))[-1].content == "Once upon a time"


async def test_a_click_while_the_answer_is_being_given_again_asks_for_nothing_more(place: Talks) -> None:
    thread = await place.talk()
    (answer,) = place.answers(thread)
    gate = await retrying(place, answer, calls=2)
    again = await place.ada.clicks(answer, custom_id(answer, "retry"))
    await again.acknowledged()
    gate.set()
    await place.discord.until(lambda: place.answers(thread)[-1].content == "A better answer.", patience=PATIENCE)
    await place.says("next", thread)

    assert len(place.model.requests) == 3


async def test_an_admin_may_have_any_number_of_answers_given_again(tmp_path: Path) -> None:
    async with talks(tmp_path, messages_per_minute=1, discord_admins="dm") as place:
        await place.says("Hello", place.ada.dm)
        for number, ask in enumerate((by_click, by_command, by_click, by_command), 1):
            place.model.queue(Says([f"Answer {number}."]))
            await ask(place)
            await said_last(place, place.ada.dm, f"Answer {number}.")


async def said_last(place: Talks, where: Channel, text: str) -> None:
    await place.discord.until(lambda: place.answers(where)[-1].content == text, patience=PATIENCE)


async def by_click(place: Talks) -> None:
    answer = (await place.whole_answers(place.ada.dm))[-1]
    await place.ada.clicks(answer, custom_id(answer, "retry"))


async def by_command(place: Talks) -> None:
    await place.whole_answers(place.ada.dm)
    await place.ada.uses("/retry", place.ada.dm)
