"""Where two things happen to somebody at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from source.adapters.storage.parked_table import ParkedTable
from source.adapters.storage.webhook_tables import contact_addresses
from source.adapters.whatsapp.intake import Intake
from source.domain.errors import StoreError
from tests.fakes.graph_people import Contact
from tests.fakes.graph_statuses import status_item
from tests.fakes.running_echo import eventually
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo

NEW_PHONE = "4915187654321"


def _held(monkeypatch: pytest.MonkeyPatch, echo: WhatsAppEcho) -> asyncio.Event:
    """Have the store not learn that replies have arrived until this is set."""
    store, release = echo.echo.store, asyncio.Event()
    mark_delivered = store.mark_delivered

    async def marked(keys: Sequence[int]) -> None:
        await release.wait()
        await mark_delivered(keys)

    monkeypatch.setattr(store, "mark_delivered", marked)
    return release


async def _addresses(echo: WhatsAppEcho) -> list[str]:
    return await echo.echo.store.read(
        lambda reading: list(reading.execute(select(contact_addresses.c.address)).scalars())
    )


async def test_what_waits_for_somebody_comes_when_they_write_as_who_they_turn_out_to_be(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        eve = echo.graph.people.add("Eve", shows_phone=False, username="eve")
        await echo.says(eve, "Hello")
        eve.contact, eve.shows_phone = Contact.MISSING, True
        hidden, eve.user_id = eve.user_id, None
        echo.model.add("tea")
        echo.model.hold()
        asked = len(echo.model.prompts)
        await echo.brings(echo.phone(eve).text("Tea?"))
        await eventually(lambda: len(echo.model.prompts) > asked)
        echo.clock.advance(hours=25)
        echo.model.release()
        async with asyncio.timeout(10):
            while not await ParkedTable(echo.echo.store).parked():  # noqa: ASYNC110  (what is waited for happens on disk)
                await asyncio.sleep(0.01)
        eve.user_id = hidden
        echo.model.add("coffee")
        await echo.brings(echo.phone(eve).text("And coffee?"))
        await echo.graph.answers(eve, 3)
        assert eve.texts[1:] == ["tea", "coffee"]


async def test_who_changes_their_number_while_a_reply_waits_for_its_turn_gets_it_there(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        ada = echo.graph.people.add("Ada")

        await echo.says(ada, "Hello")
        echo.model.add("tea")
        echo.graph.faults.refuse(131056, person=ada, times=2)  # the typing sign meets one of them
        await echo.brings(echo.phone(ada).text("Tea?"))
        await eventually(lambda: not echo.graph.faults.pending)
        await echo.brings(echo.phone(ada).changes_number(NEW_PHONE))
        echo.clock.advance(seconds=10)
        await echo.graph.answers(ada, 2)
        assert ada.texts[1:] == ["tea"]


async def test_what_comes_again_from_somebody_who_was_forgotten_does_not_tell_who_they_were(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        ada = echo.graph.people.add("Ada")
        hello = echo.phone(ada).text("Hello")
        await echo.brings(hello)
        await echo.graph.answers(ada)
        await echo.says(ada, "/forget-me confirm")
        await echo.seen_to()
        assert await _addresses(echo) == []
        await echo.brings(hello)
        await echo.seen_to()
        assert await _addresses(echo) == []


async def test_who_writes_right_after_having_been_forgotten_is_answered(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        ada = echo.graph.people.add("Ada")
        await echo.says(ada, "Hello")
        echo.model.add("tea")
        await echo.brings(echo.phone(ada).text("/forget-me confirm"), echo.phone(ada).text("Tea?"))
        await echo.graph.answers(ada, 3)
        assert ada.texts[-1] == "tea"


async def test_what_meta_calls_too_late_before_it_is_known_to_have_arrived_waits_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        graph, ada = echo.graph, echo.graph.people.add("Ada")
        await echo.says(ada, "Hello")
        (known,) = await echo.conversations()
        await eventually(lambda: not echo.echo.turns.is_busy(known.head.thread.key))
        graph.world.late.add(131047)
        long = "word " * 1_500
        echo.model.add(long)
        held = _held(monkeypatch, echo)
        echo.model.hold()
        await echo.brings(echo.phone(ada).text("Tea?"))
        ada.last_wrote = None
        echo.model.release()
        await graph.until(lambda: len(graph.sent) == 3)
        first, second = (status_item(each, "failed", graph.clock.now()) for each in graph.sent[1:])
        with pytest.raises(StoreError):
            await echo.brings(first)
        held.set()
        await eventually(lambda: not echo.echo.turns.is_busy(known.head.thread.key))
        await echo.brings(first)
        await echo.brings(second)
        await echo.brings(echo.phone(ada).text("Still there?"))
        await graph.answers(ada, 4)
        assert " ".join(ada.texts[1:3]).split() == long.split()


async def test_what_breaks_at_the_start_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults, take_up = [ValueError("a fault of Echo's")], Intake.take_up

    async def breaking(intake: Intake) -> None:
        if faults:
            raise faults.pop()
        await take_up(intake)

    monkeypatch.setattr(Intake, "take_up", breaking)
    async with whatsapp_echo(tmp_path) as echo:
        ada = echo.graph.people.add("Ada")
        await echo.brings(echo.phone(ada).text("Hello"))

        def is_answered() -> bool:
            echo.clock.advance(seconds=1)
            return bool(ada.received)

        await eventually(is_answered)
