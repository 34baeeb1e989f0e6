"""What an operator sends is kept once, whatever goes wrong around that."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from source.domain.errors import StoreUnavailableError
from source.domain.privacy import Counts
from source.domain.wishes import WishWords
from source.services.attendance import Attending
from source.services.audit import AuditLog
from source.services.business_sending import BusinessSending, SendingParts, SendState
from source.services.wishes import REFUSED, Wishes
from tests.fakes.attendance import InMemoryAttendance
from tests.fakes.small_echo import THREAD, SmallEcho


class AuditThatIsAway(AuditLog):
    """Cannot write a line."""

    def __init__(self) -> None:
        """It needs nothing."""

    async def note(self, action: str, asked_by: str, counts: Counts) -> None:
        raise StoreUnavailableError("away")


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    small = SmallEcho()
    await small.turns.recover(small.channel)
    await small.say("Hello")
    yield small
    await small.end()


@pytest.fixture
async def sending(echo: SmallEcho) -> AsyncIterator[BusinessSending]:
    table = InMemoryAttendance(echo.clock)
    attending = Attending(table, echo.clock, human_timeout=timedelta(hours=12))
    parts = SendingParts(
        turns=echo.turns,
        manager=echo.manager,
        opening=echo.opening,
        store=echo.store,
        wishes=Wishes(table, WishWords.of({}), attending),
        refusal=REFUSED,
        attending=attending,
        audit=AuditThatIsAway(),
        clock=echo.clock,
    )
    sending = BusinessSending(parts)
    yield sending
    await sending.close()


async def said(echo: SmallEcho) -> list[str]:
    return [message.message_content for message in await echo.stored()]


async def test_what_is_kept_is_sent_although_that_cannot_be_noted(echo: SmallEcho, sending: BusinessSending) -> None:
    sent = await sending.send(THREAD, "Your tea is ready.", asked_by="api:shop")
    assert sent.state is SendState.SENT
    assert echo.channel.delivered == ["All right.", "Your tea is ready."]


async def test_the_same_name_is_sent_once(echo: SmallEcho, sending: BusinessSending) -> None:
    first = await sending.send(THREAD, "Your tea is ready.", asked_by="api:shop", name="tea")
    again = await sending.send(THREAD, "Your tea is ready.", asked_by="api:shop", name="tea")
    assert again == first
    assert await said(echo) == ["Hello", "All right.", "Your tea is ready."]
    assert echo.channel.delivered == ["All right.", "Your tea is ready."]


async def test_the_same_name_is_sent_once_while_it_waits(echo: SmallEcho, sending: BusinessSending) -> None:
    echo.channel.is_down = True
    first = await sending.send(THREAD, "Your tea is ready.", asked_by="api:shop", name="tea")
    again = await sending.send(THREAD, "Your tea is ready.", asked_by="api:shop", name="tea")
    assert again == first
    assert first.state is SendState.WAITING
    assert await said(echo) == ["Hello", "All right.", "Your tea is ready."]
