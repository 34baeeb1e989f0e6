"""Echo on Discord when things go wrong: nothing is lost, and nothing is said twice."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.discord_bot import Workshop, workshop
from tests.fakes.discord_talks import PATIENCE, can_be_retried
from tests.fakes.openai_script import Ending, Fails, Says


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(tmp_path, MODEL_STALL_SECONDS="1", MODEL_FIRST_TOKEN_SECONDS="2") as place:
        await place.started()
        yield place
        assert "Traceback" not in place.bot.log


async def test_five_messages_missed_while_offline_are_answered_together(place: Workshop) -> None:
    thread = await place.talk()
    place.discord.go_offline(forget=True)
    for number in range(5):
        await place.ada.says(thread, f"missed {number}")
    before = len(place.model.requests)
    place.discord.go_online()
    answers = await place.whole_answers(thread, 2)

    assert answers[-1].content.endswith("missed 4")
    said = str(place.model.requests[-1]["messages"])
    assert all(f"missed {number}" in said for number in range(5))
    assert len(place.model.requests) == before + 1


async def test_messages_that_came_while_echo_did_not_run_are_answered(place: Workshop) -> None:
    thread = await place.talk()
    await place.bot.stop()
    await place.ada.says(thread, "are you there?")
    await place.started()
    answers = await place.whole_answers(thread, 2)

    assert answers[-1].content == "You said: Ada: are you there?"


async def test_the_same_event_twice_is_answered_once(place: Workshop) -> None:
    thread = await place.talk()
    await place.ada.says(thread, "once")
    place.discord.gateway.duplicate_last_event()
    await place.whole_answers(thread, 2)
    await place.says("and now?", thread)

    assert [answer.content for answer in place.answers(thread)][1:] == [
        "You said: Ada: once",
        "You said: Ada: and now?",
    ]


async def test_a_model_that_fails_is_explained_and_the_message_is_answered_on_retry(place: Workshop) -> None:
    thread = await place.talk()
    place.model.queue(Fails(500))
    await place.ada.says(thread, "hard question")
    await place.discord.until(lambda: len(place.answers(thread)) == 2, patience=PATIENCE)
    explained = place.answers(thread)[-1]
    assert "kept" in explained.content
    assert can_be_retried(explained)
    await place.ada.uses("/retry", thread)
    await place.discord.until(
        lambda: any(a.content == "You said: Ada: hard question" for a in place.answers(thread)), patience=PATIENCE
    )


async def test_a_model_that_hangs_or_is_cut_in_the_middle_leaves_what_it_said(place: Workshop) -> None:
    thread = await place.talk()
    for ending in (Ending.HANG, Ending.CUT):
        place.model.queue(Says(["Half of ", f"the {ending}"], ending=ending))
        answer = await place.says("go on", thread)
        assert answer.content.startswith(f"Half of the {ending}")
        assert "-# " in answer.content


async def test_killed_in_the_middle_of_an_answer_it_is_completed_in_the_same_message(place: Workshop) -> None:
    thread = await place.talk()
    gate = asyncio.Event()
    place.model.queue(Says(["The beginning ", "and ", "the end."], gate=gate, gate_after=1))
    await place.ada.says(thread, "a long story")
    await place.discord.until(lambda: "The beginning" in place.answers(thread)[-1].content, patience=PATIENCE)
    live = place.answers(thread)[-1]
    await place.bot.kill()
    gate.set()
    place.model.queue(Says(["The beginning and the end, told anew."]))
    await place.started()
    await place.discord.until(lambda: live.content == "The beginning and the end, told anew.", patience=PATIENCE)
    answers = await place.whole_answers(thread, 2)

    assert answers == [answers[0], live]


async def test_a_line_that_is_cut_is_resumed_and_nothing_is_missed(place: Workshop) -> None:
    thread = await place.talk()
    place.discord.gateway.drop_connections()
    answer = await place.says("still there?", thread)
    assert answer.content == "You said: Ada: still there?"


async def test_a_second_ctrl_c_does_not_cut_the_end_short(place: Workshop) -> None:
    thread = await place.talk()
    gate = asyncio.Event()
    place.model.queue(Says(["Nearly ", "done."], gate=gate, gate_after=1))
    await place.ada.says(thread, "one more thing")
    await place.discord.until(lambda: "Nearly" in place.answers(thread)[-1].content, patience=PATIENCE)
    assert place.bot.process is not None
    place.bot.process.send_signal(signal.SIGINT)
    while "echo_stopping" not in place.bot.log:  # noqa: ASYNC110  (it happens in another process)
        await asyncio.sleep(0.05)
    place.bot.process.send_signal(signal.SIGINT)
    gate.set()

    assert await asyncio.to_thread(place.bot.process.wait, PATIENCE) == 130
    assert place.answers(thread)[-1].content == "Nearly done."
