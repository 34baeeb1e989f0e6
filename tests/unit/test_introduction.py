"""Who is answered for the first time is told whom they talk with, once."""

from collections.abc import AsyncIterator, Collection
from datetime import timedelta

import pytest

from source.domain.errors import ModelUnavailableError
from source.domain.message import OF_BUSINESS
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundKind
from source.ports.attendance import ToldStore
from source.services.introduction import Business, FirstAnswers
from tests.fakes.small_echo import ANA, THREAD, SmallEcho, passing

SHOP = Business("Lucky Shrub", "questions about plants")
BEN = PersonRef("2", "Ben")
SENTENCE = "I am an AI assistant of Lucky Shrub, here for questions about plants."


def greeting(
    told: ToldStore, *, notice: str = "", disclosed_on: Collection[Platform] = (Platform.DISCORD,)
) -> FirstAnswers:
    return FirstAnswers(told, SHOP, notice=notice, disclosed_on=disclosed_on)


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    small = SmallEcho()
    small.introductions = greeting(small.store)
    small.start()
    yield small
    await small.end()


def test_the_sentence_says_no_more_than_is_known() -> None:
    assert SHOP.disclosure == SENTENCE
    assert Business().disclosure == "I am an AI assistant."
    assert Business("Lucky Shrub").disclosure == "I am an AI assistant of Lucky Shrub."


def test_the_model_is_told_what_it_is_for() -> None:
    assert Business().line == ""
    assert Business("Lucky Shrub").line == "You answer the customers of Lucky Shrub."
    assert SHOP.line.endswith(
        "You are here for questions about plants; what has nothing to do with that you decline in one sentence."
    )


async def test_the_first_answer_begins_with_it_and_is_stored_with_it(echo: SmallEcho) -> None:
    first = await echo.say("Hello")
    assert first.delivered == f"{SENTENCE}\n\nAll right."
    assert first.streamed == first.delivered
    assert (await echo.stored())[-1].message_content == first.delivered
    assert (await echo.say("And now?")).delivered == "All right."


async def test_a_new_conversation_does_not_begin_with_it_again(echo: SmallEcho) -> None:
    await echo.say("Hello")
    echo.clock.advance(days=3)
    assert (await echo.say("Hello again")).delivered == "All right."


async def test_the_next_process_knows_who_was_told(echo: SmallEcho) -> None:
    await echo.say("Hello")
    echo.start()
    assert (await echo.say("Hello again")).delivered == "All right."


async def test_everybody_who_is_new_in_a_conversation_is_told(echo: SmallEcho) -> None:
    await echo.say("Hello")
    assert (await echo.say("Me too", person=BEN)).delivered == f"{SENTENCE}\n\nAll right."
    assert (await echo.say("Once more", person=BEN)).delivered == "All right."
    assert (await echo.say("Elsewhere", person=BEN, thread=ThreadRef(THREAD.platform, "8"))).delivered == "All right."


async def test_what_the_business_says_is_no_reason_to_begin_with_it_again(echo: SmallEcho) -> None:
    await echo.say("Hello")
    echo.quiet = {THREAD.platform: timedelta(seconds=2)}
    echo.start()
    await echo.turns.accept(echo.inbound("We are here.", person=PersonRef(OF_BUSINESS, "Shop")), echo.channel)
    await echo.turns.accept(echo.inbound("And now?"), echo.channel)
    await passing(echo, seconds=3)
    assert echo.channel.delivered[1:] == ["All right."]


async def test_an_answer_that_failed_has_told_nobody(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("away"))
    assert (await echo.say("Hello")).delivered is None
    await passing(echo, minutes=5)
    assert echo.channel.delivered == [f"{SENTENCE}\n\nAll right."]


async def test_an_answer_that_is_given_anew_does_not_begin_with_it(echo: SmallEcho) -> None:
    await echo.say("Hello")
    assert (await echo.say("", kind=InboundKind.RETRY)).delivered == "All right."


async def test_a_notice_of_the_operator_stands_below_it_or_alone(echo: SmallEcho) -> None:
    echo.introductions = greeting(echo.store, notice="Read our terms.")
    echo.start()
    assert (await echo.say("Hello")).delivered == f"{SENTENCE}\nRead our terms.\n\nAll right."
    elsewhere = greeting(echo.store, notice="Read our terms.", disclosed_on=(Platform.WHATSAPP,))
    due = await elsewhere.due(THREAD, [BEN])
    assert due is not None
    assert due.text == "Read our terms."


async def test_whoever_sits_at_the_terminal_or_is_to_be_told_nothing_is_told_nothing(echo: SmallEcho) -> None:
    terminal = ThreadRef(Platform.TERMINAL, "main")
    assert await greeting(echo.store, disclosed_on=tuple(Platform)).due(terminal, [ANA]) is None
    assert await greeting(echo.store, disclosed_on=()).due(THREAD, [ANA]) is None
