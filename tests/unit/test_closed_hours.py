"""While nobody is there: one notice for each time, and nothing else where the operator wants that."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from source.domain.business_hours import hours_in
from source.domain.out_of_hours import Hours, OutOfHours
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.services.attendance import ALWAYS_OPEN, AttendanceGate, Attending
from source.services.closed_hours import ClosedHours
from source.services.introduction import Business, FirstAnswers
from tests.fakes.attendance import InMemoryAttendance
from tests.fakes.clock import FakeClock
from tests.fakes.small_echo import SmallEcho

FRIDAY_EVENING = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
WEEK = hours_in("mon-fri 09:00-18:00, sat 10:00-14:00", ZoneInfo("UTC"))
NOTICE = "Nobody is here. Back {opens}."
BEN = PersonRef("2", "Ben")


class Closed(SmallEcho):
    def close(self, out_of_hours: OutOfHours) -> None:
        """Have it do that out of hours."""
        attending = Attending(InMemoryAttendance(self.clock), self.clock, human_timeout=timedelta(hours=12))
        hours = ClosedHours(Hours(WEEK, out_of_hours, NOTICE), self.store, self.clock)
        self.gate = AttendanceGate(attending, hours)
        self.start()

    async def wrote(self, text: str, **more: object) -> list[str]:
        """Write; return what was answered to that."""
        before = len(self.channel.delivered)
        await self.turns.handle(self.inbound(text, **more), self.channel)  # type: ignore[arg-type]
        return self.channel.delivered[before:]


@pytest.fixture
async def echo() -> AsyncIterator[Closed]:
    small = Closed(clock=FakeClock(FRIDAY_EVENING))
    small.close(OutOfHours.SILENT_NOTICE)
    yield small
    await small.end()


async def test_the_notice_is_given_once_for_each_time_that_nobody_is_there(echo: Closed) -> None:
    assert await echo.wrote("Hello") == ["Nobody is here. Back on Saturday at 10:00."]
    assert await echo.wrote("Is anybody there?") == []
    echo.clock.advance(hours=20)  # Saturday 16:00, after the morning
    assert await echo.wrote("And now?") == ["Nobody is here. Back on Monday at 09:00."]
    assert echo.model.prompts == []
    said = [message.message_content for message in await echo.stored()]
    assert said[:3] == ["Hello", "Nobody is here. Back on Saturday at 10:00.", "Is anybody there?"]


async def test_who_writes_for_the_first_time_is_told_with_it_whom_they_talk_with(echo: Closed) -> None:
    echo.introductions = FirstAnswers(echo.store, Business("Shop"), notice="", disclosed_on=[Platform.DISCORD])
    echo.start()
    told = "I am an AI assistant of Shop."
    assert await echo.wrote("Hello") == [f"{told}\n\nNobody is here. Back on Saturday at 10:00."]
    echo.clock.advance(hours=15)  # Saturday 11:00
    assert await echo.wrote("And now?") == ["All right."]


async def test_the_next_process_knows_that_it_was_given(echo: Closed) -> None:
    await echo.wrote("Hello")
    echo.close(OutOfHours.SILENT_NOTICE)
    assert await echo.wrote("Hello?") == []


async def test_everybody_gets_it_who_writes(echo: Closed) -> None:
    await echo.wrote("Hello")
    assert len(await echo.wrote("Me too", person=BEN)) == 1


async def test_once_somebody_is_there_echo_answers_and_knows_what_was_written(echo: Closed) -> None:
    await echo.wrote("My order is 4711")
    echo.clock.advance(hours=14)  # Saturday 10:00
    assert await echo.wrote("Good morning") == ["All right."]
    assert "Ana: My order is 4711" in [message.content for message in echo.model.prompts[-1].messages]


@pytest.mark.parametrize("out_of_hours", [OutOfHours.ANSWER, OutOfHours.NOTICE])
async def test_where_the_operator_wants_no_silence_echo_answers(echo: Closed, out_of_hours: OutOfHours) -> None:
    echo.close(out_of_hours)
    assert await echo.wrote("Hello") == ["All right."]


async def test_whoever_sits_at_the_terminal_is_answered_at_any_time(echo: Closed) -> None:
    assert await echo.wrote("Hello", thread=ThreadRef(Platform.TERMINAL, "main")) == ["All right."]


async def test_without_hours_somebody_may_always_be_there(echo: Closed) -> None:
    gate = ClosedHours(Hours(out_of_hours=OutOfHours.SILENT_NOTICE), echo.store, echo.clock)
    assert await gate.heard(ThreadRef(Platform.WEB, "1").key, ()) is None
    assert not ALWAYS_OPEN.is_held(ThreadRef(Platform.WEB, "1").key)
