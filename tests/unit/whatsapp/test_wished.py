"""STOP and START are taken before anything else looks at them."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from source.adapters.whatsapp.handlers.wished import WishedHandler
from source.adapters.whatsapp.items import Kept
from source.app.attending import wish_words
from source.domain.thread import Platform, ThreadRef
from source.services.attendance import Attending
from source.services.wishes import Wishes
from tests.fakes.attendance import InMemoryAttendance
from tests.fakes.clock import FakeClock


@dataclass
class Told:
    """A channel, and a handler for all else."""

    told: list[tuple[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    async def tell(self, thread: ThreadRef, text: str) -> None:
        await asyncio.sleep(0)
        self.told.append((thread.thread_id, text))

    async def see_to(self, kept: Kept) -> None:
        await asyncio.sleep(0)
        self.others.append(str(kept.content["text"]))


@pytest.fixture
def store() -> InMemoryAttendance:
    return InMemoryAttendance(FakeClock())


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def handler(store: InMemoryAttendance, told: Told) -> WishedHandler:
    clock = FakeClock()
    attending = Attending(store, clock, human_timeout=timedelta(hours=1))
    return WishedHandler(Wishes(store, wish_words(), attending), cast(Any, told), told)


def _kept(text: str) -> Kept:
    return Kept(1, "said", "key-1", 77, "Ada", FakeClock().now(), {"text": text, "reply_to": None})


async def test_a_wish_is_kept_and_confirmed_where_it_was_made(
    handler: WishedHandler, store: InMemoryAttendance, told: Told
) -> None:
    await handler.see_to(_kept("Stop."))
    assert list(store.stopped) == [(Platform.WHATSAPP, "77")]
    await handler.see_to(_kept("START"))
    assert store.stopped == {}
    assert [thread for thread, _ in told.told] == ["77", "77"]
    assert told.others == []


async def test_everything_else_goes_on_its_way(handler: WishedHandler, store: InMemoryAttendance, told: Told) -> None:
    await handler.see_to(_kept("Where does the bus stop?"))
    assert (told.others, told.told, store.stopped) == (["Where does the bus stop?"], [], {})
