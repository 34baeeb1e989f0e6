"""Who answers in a thread, and for how long."""

import asyncio
from datetime import timedelta

import pytest

from source.domain.attendance import ECHO_ANSWERS, Attendance, AttendedThread, Mode
from source.domain.errors import StoreUnavailableError
from source.domain.thread import Platform, ThreadKey
from source.services.attendance import Attending
from tests.fakes.attendance import InMemoryAttendance
from tests.fakes.clock import FakeClock

ADA = ThreadKey(Platform.WHATSAPP, "77")
BEN = ThreadKey(Platform.DISCORD, "5")
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> InMemoryAttendance:
    return InMemoryAttendance(clock)


@pytest.fixture
def attending(store: InMemoryAttendance, clock: FakeClock) -> Attending:
    return Attending(store, clock, human_timeout=12 * HOUR)


async def test_echo_answers_where_nothing_was_decided(attending: Attending) -> None:
    assert attending.of(ADA) is ECHO_ANSWERS
    assert attending.listed() == []
    assert not await attending.hand_back(ADA, by="person")


async def test_a_person_who_was_asked_for_answers_until_nobody_has_for_a_while(
    attending: Attending, clock: FakeClock
) -> None:
    await attending.ask_for_person(ADA, by="person")
    assert attending.of(ADA) == Attendance(Mode.HUMAN, clock.now() + 12 * HOUR, clock.now(), "person")
    clock.advance(hours=11)
    await attending.person_spoke(ADA)
    clock.advance(hours=11)
    assert attending.of(ADA).mode is Mode.HUMAN
    clock.advance(hours=1)
    assert attending.of(ADA) is ECHO_ANSWERS


async def test_a_pause_lasts_from_the_last_word_and_is_never_cut_short_by_an_earlier_one(
    attending: Attending, clock: FakeClock
) -> None:
    await attending.pause(ADA, clock.now() + HOUR, by="owner")
    await attending.pause(ADA, clock.now() + HOUR / 2, by="owner")
    clock.advance(minutes=59)
    assert attending.of(ADA).mode is Mode.PAUSED
    await attending.pause(ADA, clock.now() + HOUR, by="owner")
    clock.advance(minutes=59)
    assert attending.of(ADA).mode is Mode.PAUSED
    clock.advance(minutes=1)
    assert attending.of(ADA) is ECHO_ANSWERS


async def test_a_person_who_was_asked_for_and_writes_is_there_longer_than_a_pause(
    attending: Attending, clock: FakeClock
) -> None:
    await attending.ask_for_person(ADA, by="person")
    clock.advance(hours=11)
    await attending.pause(ADA, clock.now() + HOUR, by="owner")
    clock.advance(hours=11)
    assert attending.of(ADA).mode is Mode.HUMAN
    assert attending.of(ADA).by == "owner"


async def test_an_operator_may_set_a_shorter_pause(attending: Attending, clock: FakeClock) -> None:
    await attending.pause(ADA, clock.now() + HOUR, by="owner")
    await attending.put_pause(ADA, clock.now() + HOUR / 2, by="operator")
    clock.advance(minutes=30)
    assert attending.of(ADA) is ECHO_ANSWERS


async def test_what_was_decided_is_known_to_the_next_process_unless_it_has_run_out(
    attending: Attending, store: InMemoryAttendance, clock: FakeClock
) -> None:
    await attending.pause(ADA, clock.now() + HOUR, by="owner")
    await attending.ask_for_person(BEN, by="person")
    clock.advance(hours=2)
    again = Attending(store, clock, human_timeout=12 * HOUR)
    await again.load()
    assert [each.thread for each in again.listed()] == [BEN]
    assert list(store.rows) == [BEN]


async def test_threads_are_listed_by_how_long_a_person_has_answered(attending: Attending, clock: FakeClock) -> None:
    await attending.ask_for_person(BEN, by="person")
    clock.advance(minutes=1)
    paused = await attending.pause(ADA, clock.now() + HOUR, by="owner")
    assert [each.thread for each in attending.listed()] == [BEN, ADA]
    assert attending.listed()[1] == AttendedThread(ADA, paused)
    clock.advance(hours=1)
    assert [each.thread for each in attending.listed()] == [BEN]


async def test_whoever_is_forgotten_is_attended_no_more_and_who_is_somebody_else_goes_on(
    attending: Attending, store: InMemoryAttendance
) -> None:
    eve = ThreadKey(Platform.WHATSAPP, "78")
    await attending.ask_for_person(ADA, by="person")
    await attending.ask_for_person(BEN, by="person")
    store.rows[eve] = store.rows.pop(ADA)
    await attending.follow()
    assert attending.of(ADA) is ECHO_ANSWERS
    assert attending.of(BEN).mode is Mode.HUMAN
    assert attending.of(eve).mode is Mode.HUMAN


async def test_what_is_decided_while_the_store_is_read_holds(attending: Attending) -> None:
    await attending.ask_for_person(ADA, by="person")
    await asyncio.gather(attending.follow(), attending.hand_back(ADA, by="person"))
    assert attending.of(ADA) is ECHO_ANSWERS
    await asyncio.gather(attending.follow(), attending.ask_for_person(BEN, by="person"))
    assert attending.of(BEN).mode is Mode.HUMAN


async def test_what_could_not_be_stored_did_not_happen(attending: Attending, store: InMemoryAttendance) -> None:
    store.is_away = True
    with pytest.raises(StoreUnavailableError):
        await attending.ask_for_person(ADA, by="person")
    assert attending.of(ADA) is ECHO_ANSWERS
    store.is_away = False
    await attending.ask_for_person(ADA, by="person")
    store.is_away = True
    with pytest.raises(StoreUnavailableError):
        await attending.hand_back(ADA, by="person")
    assert attending.of(ADA).mode is Mode.HUMAN
