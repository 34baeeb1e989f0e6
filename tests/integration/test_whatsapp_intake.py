"""What was delivered is seen to once, and what cannot be does not hold up the rest."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, update
from structlog.testing import capture_logs

from source.adapters.storage.contact_table import ContactTable
from source.adapters.storage.webhook_table import WebhookTable
from source.adapters.storage.webhook_tables import webhook_deliveries
from source.adapters.whatsapp import graph as graph_module
from source.adapters.whatsapp.handlers.said import SaidHandler
from source.adapters.whatsapp.items import Kept
from source.domain.errors import StoreUnavailableError
from source.domain.thread import Platform
from source.ports.webhooks import Contact, Delivered
from tests.fakes.clock import FakeClock
from tests.fakes.graph_server import FakeGraph
from tests.fakes.running_echo import eventually
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo


class Notes:
    """Notes of what was seen to: the store refuses so many of them, and keeps the rest."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refused = 0
        self.taken: list[tuple[int, ...]] = []
        seen_to = WebhookTable.seen_to

        async def note(table: WebhookTable, numbers: Sequence[int]) -> None:
            if self.refused:
                self.refused -= 1
                raise StoreUnavailableError("the disk is full")
            await seen_to(table, numbers)
            self.taken.append(tuple(numbers))

        monkeypatch.setattr(WebhookTable, "seen_to", note)


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Notes:
    return Notes(monkeypatch)


def _seen(monkeypatch: pytest.MonkeyPatch, *, faults: Sequence[Exception] = ()) -> list[str]:
    """Return a list of what people's words are that are seen to; the first of them meet the faults."""
    texts: list[str] = []
    left, see_to = list(faults), SaidHandler.see_to

    async def counted(handler: SaidHandler, kept: Kept) -> None:
        texts.append(str(kept.content["text"]))
        if left:
            raise left.pop(0)
        await see_to(handler, kept)

    monkeypatch.setattr(SaidHandler, "see_to", counted)
    return texts


async def _kept(echo: WhatsAppEcho) -> list[Delivered]:
    return await WebhookTable(echo.echo.store).kept(Platform.WHATSAPP, limit=99)


async def test_a_command_is_carried_out_once_though_that_cannot_be_noted(
    tmp_path: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        seen = _seen(monkeypatch)
        ada = echo.graph.people.add("Ada")
        notes.refused = 2
        await echo.says(ada, "/conversations")
        await eventually(lambda: notes.refused == 1)
        echo.clock.advance(seconds=6)
        await eventually(lambda: notes.refused == 0)
        echo.clock.advance(seconds=6)
        await echo.seen_to()
        assert seen == ["/conversations"]
        assert len(ada.received) == 1


async def test_what_cannot_be_noted_does_not_hold_up_others(tmp_path: Path, notes: Notes) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        ada, ben = echo.graph.people.add("Ada"), echo.graph.people.add("Ben")
        notes.refused = 1
        await echo.says(ada, "/conversations")
        await echo.says(ben, "/stats")
        assert len(await _kept(echo)) == 2
        echo.clock.advance(seconds=6)
        await echo.seen_to()
        assert [len(numbers) for numbers in notes.taken] == [2]


async def test_what_somebody_did_before_is_noted_before_their_next_is_seen_to(
    tmp_path: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks to be forgotten would be taken for somebody who wrote again since."""
    async with whatsapp_echo(tmp_path) as echo:
        seen = _seen(monkeypatch)
        ada = echo.graph.people.add("Ada")
        notes.refused = 1
        await echo.says(ada, "/conversations")
        await eventually(lambda: not notes.refused)
        await echo.brings(echo.phone(ada).text("/stats"))
        await echo.says(echo.graph.people.add("Ben"), "/stats")
        assert seen == ["/conversations", "/stats"]
        echo.clock.advance(seconds=6)
        await echo.seen_to()
        assert seen == ["/conversations", "/stats", "/stats"]


async def test_a_fault_is_told_and_the_note_tried_again_without_a_restart(
    tmp_path: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        seen = _seen(monkeypatch, faults=[ZeroDivisionError("a fault of Echo's")])
        ada = echo.graph.people.add("Ada")
        notes.refused = 1
        await echo.says(ada, "Hello")
        assert "went wrong" in ada.texts[0]
        await eventually(lambda: not notes.refused)
        echo.clock.advance(seconds=6)
        await echo.seen_to()
        assert seen == ["Hello"]


async def test_a_fault_of_which_nobody_can_be_told_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        ada = echo.graph.people.add("Ada")
        await echo.says(ada, "Hello")
        contact, seen = ContactTable.contact, _seen(monkeypatch, faults=[ZeroDivisionError("a fault of Echo's")])
        faults = [StoreUnavailableError("away")]

        async def unread(table: ContactTable, platform: Platform, contact_id: int) -> Contact | None:
            if faults:
                raise faults.pop()
            return await contact(table, platform, contact_id)

        monkeypatch.setattr(ContactTable, "contact", unread)
        await echo.brings(echo.phone(ada).text("Tea?"))
        await echo.seen_to()
        echo.model.add("coffee")
        await echo.says(ada, "Coffee?")
        assert (seen, ada.texts[1:]) == (["Tea?", "Coffee?"], ["coffee"])


async def test_what_the_store_keeps_a_handler_from_is_seen_to_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        seen = _seen(monkeypatch, faults=[StoreUnavailableError("away")])
        ada = echo.graph.people.add("Ada")
        await echo.brings(echo.phone(ada).text("Hello"))
        await eventually(lambda: len(seen) == 1)
        echo.clock.advance(seconds=6)
        await echo.graph.answers(ada)
        assert seen == ["Hello", "Hello"]


@pytest.mark.parametrize("payload", ["{", "[]", '{"kind": "said"}', "of a later version"])
async def test_what_cannot_be_read_is_set_aside_and_the_others_go_on(tmp_path: Path, payload: str) -> None:
    start = partial(whatsapp_echo, tmp_path, graph=FakeGraph(clock=FakeClock()))
    async with start() as echo:
        ada, ben = echo.graph.people.add("Ada"), echo.graph.people.add("Ben")
        await echo.platform.intake.close(timedelta(0))  # nothing is seen to any more, as if it were killed
        await echo.brings(echo.phone(ada).text("Hello"), echo.phone(ben).text("Hello"))
        broken, fine = await _kept(echo)
        spoiled = payload if payload != "of a later version" else broken.payload.replace('"said"', '"sung"')
        await echo.echo.store.change(lambda connection, _now: _spoil(connection, broken.number, spoiled))
    with capture_logs() as logs:
        async with start() as echo:
            await echo.graph.answers(ben)
            async with asyncio.timeout(10):
                while fine in await _kept(echo):  # noqa: ASYNC110  (what is waited for happens on disk)
                    await asyncio.sleep(0.01)
            assert [each.number for each in await _kept(echo)] == [broken.number]
            await echo.says(ada, "Hello again")
    told = [each for each in logs if each["event"] == "webhook_set_aside"]
    assert [(each["log_level"], each["number"]) for each in told] == [("error", broken.number)]


def _spoil(connection: Connection, number: int, payload: str) -> None:
    connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.id == number).values(payload=payload))


async def test_what_sends_is_ready_before_anybody_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, load = threading.Event(), graph_module._imported

    def noted() -> None:
        load()
        loaded.set()

    monkeypatch.setattr(graph_module, "_imported", noted)
    async with whatsapp_echo(tmp_path):
        assert await asyncio.to_thread(loaded.wait, 10)
