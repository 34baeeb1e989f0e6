"""Who customers are to a business, whatever Meta calls them: the program, against a Graph API on loopback."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.whatsapp_business import Business, business_on
from tests.fakes.graph_coexistence import Past

NEW_PHONE = "4915187654321"


@pytest.fixture
async def business(tmp_path: Path) -> AsyncIterator[Business]:
    async with business_on(tmp_path / "conversations") as business:
        yield business


async def test_people_stay_who_they_are_through_changes_disorder_and_a_kill(business: Business) -> None:
    ada = business.ada
    await business.says("My boat is called Aurora")
    await business.answers(1)
    written = business.phone.text("It has tow masts")
    await business.brings(business.phone.edits(written.id, "It has two masts"))
    await asyncio.to_thread(business.bot.kill)
    await asyncio.to_thread(business.bot.start)
    await business.brings(business.phone.changes_number(NEW_PHONE))
    await business.brings(written)
    await business.answers(2)
    assert [text.removeprefix("Ada: ") for text in business.asked()] == ["My boat is called Aurora", "It has two masts"]
    assert ada.received[-1].person.phone == NEW_PHONE

    ben = business.graph.people.add("Ben", phone="4915112345678", user_id="DE.BenHasAnIdOfHisOwn")
    await business.says("Hello", who=ben)
    await business.answers(1, who=ben)
    assert [text.removeprefix("Ben: ") for text in business.asked()] == ["Hello"]

    at = business.graph.clock.now() - timedelta(days=30)
    past = [Past(at, "Do you have tea?"), Past(at, "We do.", from_owner=True)]
    await business.meta.post_each(business.meta.owner.history({ben: past}, per_chunk=1), at_once=2)
    (told,) = await asyncio.to_thread(business.bot.get, "/api/conversations/history-status")
    assert (told["platform"], told["progress"], told["error"]) == ("whatsapp", 100, None)
    assert len(ben.received) == 1
    await business.brings(business.meta.owner.declines_history())
    (told,) = await asyncio.to_thread(business.bot.get, "/api/conversations/history-status")
    assert "turned off" in told["error"]
