"""What is asked for when a conversation begins, and what happens when nothing comes."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from source.domain.carried import known_in
from source.domain.conversation_head import CreatedReason
from source.domain.errors import StoreUnavailableError
from source.domain.thread import PersonRef, Platform
from source.domain.token_estimate import TokenEstimator
from source.domain.window import Window
from source.ports.store import Scope
from source.services.carrying import CarriedPart, Carrying
from source.services.opening import Opening, Succession
from source.services.summarizer import ConversationSummarizer
from tests.fakes.small_echo import _SUMMARY as SUMMARY
from tests.fakes.small_echo import ANA, THREAD, SmallEcho

SCOPE = Scope(Platform.DISCORD, "1", "7")


@dataclass
class Known:
    """Tells one line, or fails, or never answers."""

    line: str = ""
    error: Exception | None = None
    hangs: bool = False
    asked: tuple[Scope, str, int] | None = None

    async def carried(self, scope: Scope, opening: str, budget_bytes: int) -> str:
        self.asked = (scope, opening, budget_bytes)
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.line


def carrying(*sources: Known, deadline: timedelta = timedelta(seconds=30)) -> Carrying:
    parts = [CarriedPart(f"part {number}", source, 100) for number, source in enumerate(sources)]
    return Carrying(parts, TokenEstimator(), model="scripted", deadline=deadline)


async def test_every_part_is_asked_within_its_budget_of_bytes() -> None:
    known = Known("- Name: Ana")
    assert await carrying(known, Known("- Likes tea")).carried(SCOPE, "Hello") == ["- Name: Ana", "- Likes tea"]
    assert known.asked == (SCOPE, "Hello", 300)


async def test_a_part_without_a_budget_is_not_asked() -> None:
    known = Known("- Name: Ana")
    nothing = Carrying([CarriedPart("known", known, 0)], TokenEstimator(), model="scripted")
    assert await nothing.carried(SCOPE, "") == []
    assert known.asked is None


@pytest.mark.parametrize("error", [StoreUnavailableError("locked"), ValueError("a fault of its own")])
async def test_a_part_that_fails_is_left_out_and_the_others_are_told(error: Exception) -> None:
    assert await carrying(Known(error=error), Known("- Likes tea")).carried(SCOPE, "") == ["", "- Likes tea"]


async def test_a_part_that_does_not_answer_in_time_is_left_out() -> None:
    late = carrying(Known(hangs=True), Known("- Likes tea"), deadline=timedelta(milliseconds=20))
    assert await late.carried(SCOPE, "") == ["", "- Likes tea"]


def opening_with(echo: SmallEcho, known: Known) -> Opening:
    summarizer = ConversationSummarizer(None, echo.clock, SUMMARY, "Summarize.", TokenEstimator())
    return Opening(
        echo.manager,
        echo.store,
        summarizer,
        echo.clock,
        window=Window(timedelta(hours=48)),
        include_summary=True,
        carrying=carrying(known),
    )


async def test_the_first_conversation_of_a_thread_begins_with_what_is_known_of_its_person() -> None:
    echo, known = SmallEcho(), Known("- Likes tea")
    async with echo.manager.turn(THREAD) as seat:
        opened = await opening_with(echo, known).open(seat, ANA, echo.clock.now(), opening="A cup, please")
    assert known_in(opened.conversation.head.carried_summary) == ("- Likes tea",)
    assert known.asked is not None
    assert known.asked[:2] == (SCOPE, "A cup, please")
    await echo.end()


async def test_nothing_is_asked_while_a_conversation_goes_on() -> None:
    echo, known = SmallEcho(), Known("- Likes tea")
    opening = opening_with(echo, known)
    async with echo.manager.turn(THREAD) as seat:
        await opening.open(seat, ANA, echo.clock.now())
        known.asked = None
        await opening.open(seat, ANA, echo.clock.now(), opening="And sugar")
    assert known.asked is None
    await echo.end()


async def test_the_topic_is_what_a_conversation_that_was_asked_for_begins_with() -> None:
    echo, known = SmallEcho(), Known("- Likes tea")
    following = Succession(*_new(echo), title="tea ceremonies")
    async with echo.manager.turn(THREAD) as seat:
        await opening_with(echo, known).succeed(seat, PersonRef("1", "Ana"), following)
    assert known.asked is not None
    assert known.asked[1] == "tea ceremonies"
    await echo.end()


async def test_a_fresh_conversation_begins_with_nothing() -> None:
    echo, known = SmallEcho(), Known("- Likes tea")
    following = replace(Succession(*_new(echo)), with_summary=False)
    async with echo.manager.turn(THREAD) as seat:
        conversation = await opening_with(echo, known).succeed(seat, ANA, following)
    assert conversation.head.carried_summary == ""
    assert known.asked is None
    await echo.end()


async def test_what_is_known_is_not_taken_into_the_next_summary() -> None:
    echo, known = SmallEcho(), Known("- Preference (2026-02-01): Ana likes tea.")
    opening = opening_with(echo, known)
    async with echo.manager.turn(THREAD) as seat:
        await opening.open(seat, ANA, echo.clock.now())
        known.line = ""
        following = await opening.succeed(seat, ANA, Succession(*_new(echo)))
    assert "tea" not in following.head.carried_summary
    await echo.end()


def _new(echo: SmallEcho) -> tuple[CreatedReason, datetime]:
    return CreatedReason.NEW_COMMAND, echo.clock.now()
