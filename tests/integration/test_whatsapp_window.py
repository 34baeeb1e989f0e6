"""Who wrote too long ago is answered as Meta allows: by a template, or once they write again."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from source.adapters.storage.parked_table import ParkedTable
from source.adapters.storage.parked_tables import parked_replies
from source.ports.parked import ParkedReply
from tests.fakes.clock import FakeClock
from tests.fakes.graph_people import Person
from tests.fakes.graph_server import FakeGraph
from tests.fakes.graph_statuses import status_item
from tests.fakes.running_echo import eventually
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo

Starting = Callable[..., AbstractAsyncContextManager[WhatsAppEcho]]
_TEMPLATE = {"whatsapp_template": "we_have_an_answer", "whatsapp_template_language": "en"}


@pytest.fixture
def graph() -> FakeGraph:
    graph = FakeGraph(clock=FakeClock())
    graph.account.add_template("we_have_an_answer", "en")
    graph.account.add_template("our_answer", "en", parameters=1)
    return graph


@pytest.fixture
def start(graph: FakeGraph, tmp_path: Path) -> Starting:
    return partial(whatsapp_echo, tmp_path, graph=graph)


@pytest.fixture
def ada(graph: FakeGraph) -> Person:
    return graph.people.add("Ada")


async def _answered_after(echo: WhatsAppEcho, person: Person, answer: str, **pause: float) -> None:
    """Have somebody write, and Echo answer so long after that."""
    asked = len(echo.model.prompts)
    echo.model.add(answer)
    echo.model.hold()
    await echo.brings(echo.phone(person).text(f"What about {answer}?"))
    await eventually(lambda: len(echo.model.prompts) > asked)
    echo.clock.advance(**pause)
    echo.model.release()


async def _parked(echo: WhatsAppEcho, count: int = 1) -> list[ParkedReply]:
    """Wait until so many replies are parked."""
    table = ParkedTable(echo.echo.store)
    async with asyncio.timeout(10):
        while len(parked := await table.parked()) < count or echo.platform.outlet.parts.in_order:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return parked


async def _none_parked(echo: WhatsAppEcho) -> None:
    """Wait until nothing is parked any more."""
    table = ParkedTable(echo.echo.store)
    async with asyncio.timeout(10):
        while await table.parked():  # noqa: ASYNC110  (what is waited for happens on disk)
            await asyncio.sleep(0.01)


async def test_a_reply_within_a_minute_of_the_24_hours_is_sent_as_it_is(start: Starting, ada: Person) -> None:
    async with start() as echo:
        await _answered_after(echo, ada, "tea", hours=23, minutes=59)
        (answer,) = await echo.graph.answers(ada)
        assert (answer.kind, answer.text) == ("text", "tea")


async def test_a_reply_a_minute_after_the_24_hours_waits_until_the_person_writes(start: Starting, ada: Person) -> None:
    async with start() as echo:
        await _answered_after(echo, ada, "tea", hours=24, minutes=1)
        (parked,) = await _parked(echo)
        assert (parked.reason, parked.is_told) == ("window", False)
        assert len(echo.graph.requests("POST", "/messages")) == len(echo.graph.reads)
        echo.model.add("coffee")
        await echo.brings(echo.phone(ada).text("And coffee?"))
        await echo.graph.answers(ada, 2)
        assert ada.texts == ["tea", "coffee"]
        assert await ParkedTable(echo.echo.store).parked() == []
        assert await echo.echo.store.read(lambda reading: reading.execute(select(parked_replies)).all()) == []


async def test_what_is_parked_survives_a_restart_and_is_delivered_once(
    start: Starting, graph: FakeGraph, ada: Person
) -> None:
    async with start() as echo:
        await _answered_after(echo, ada, "tea", hours=25)
        await _parked(echo)
    async with start() as echo:
        (parked,) = await _parked(echo)
        await eventually(lambda: echo.echo.turns.deliveries.has_parked(parked.thread))
        await echo.brings(echo.phone(ada).text("/help"))
        await graph.until(lambda: "tea" in ada.texts)
    async with start() as echo:
        await echo.says(ada, "And now?")
    assert ada.texts.count("tea") == 1


async def test_several_that_are_parked_come_in_their_order(start: Starting, graph: FakeGraph, ada: Person) -> None:
    async with start() as echo:
        echo.model.add("tea", "coffee", "cocoa")
        echo.model.hold()
        for text in ("Tea?", "Coffee?"):
            await echo.brings(echo.phone(ada).text(text))
            await eventually(lambda: bool(echo.model.prompts))
        echo.clock.advance(hours=25)
        echo.model.release()
        await _parked(echo, 2)
        await echo.brings(echo.phone(ada).text("And cocoa?"))
        await graph.answers(ada, 3)
        assert ada.texts == ["tea", "coffee", "cocoa"]


async def test_an_edit_does_not_renew_the_time(start: Starting, ada: Person) -> None:
    async with start() as echo:
        said = echo.phone(ada).text("Hello")
        await echo.brings(said)
        await echo.graph.answers(ada)
        echo.clock.advance(hours=23)
        await echo.brings(echo.phone(ada).edits(said.id, "Hello you"))
        await _answered_after(echo, ada, "tea", seconds=0)
        await echo.graph.answers(ada, 2)
        edited = echo.phone(ada).text("And coffee?")
        await echo.brings(edited)
        await echo.graph.answers(ada, 3)
        echo.clock.advance(hours=12)
        await echo.brings(echo.phone(ada).edits(edited.id, "And cocoa?"))
        echo.clock.advance(hours=12, minutes=1)
        assert not await echo.platform.outlet.window.is_open((await echo.conversations())[0].head.thread)


async def test_what_meta_finds_too_late_waits_as_well(start: Starting, graph: FakeGraph, ada: Person) -> None:
    async with start() as echo:
        echo.model.hold()
        await echo.brings(echo.phone(ada).text("Hello"))
        ada.last_wrote = None
        echo.model.release()
        (parked,) = await _parked(echo)
        assert parked.reason == "refused"
        await echo.brings(echo.phone(ada).text("Still there?"))
        assert len(await graph.answers(ada, 2)) == 2


async def test_what_meta_calls_too_late_after_it_took_it_waits_once(
    start: Starting, graph: FakeGraph, ada: Person
) -> None:
    graph.world.late.add(131047)
    async with start() as echo:
        echo.model.hold()
        echo.model.add("tea")
        await echo.brings(echo.phone(ada).text("Hello"))
        ada.last_wrote = None
        echo.model.release()
        await graph.until(lambda: graph.sent)
        await eventually(lambda: not echo.platform.outlet.parts.in_order)
        failed = status_item(graph.sent[0], "failed", graph.clock.now())
        for _ in range(2):
            await echo.brings(failed)
        (parked,) = await _parked(echo)
        assert parked.reason == "refused"
        await echo.brings(echo.phone(ada).text("Still there?"))
        await graph.answers(ada, 2)
        await echo.brings(failed)
        assert ada.texts[0] == "tea"
        assert await ParkedTable(echo.echo.store).parked() == []


async def test_a_template_asks_the_person_to_write_once_for_all_that_waits(
    start: Starting, graph: FakeGraph, ada: Person
) -> None:
    async with start(**_TEMPLATE) as echo:
        await _answered_after(echo, ada, "tea", hours=25)
        await graph.answers(ada)
        (parked,) = await _parked(echo)
        assert parked.is_told
    async with start(**_TEMPLATE) as echo:
        await _parked(echo)
        await echo.brings(echo.phone(ada).text("Yes?"))
        answers = await graph.answers(ada, 3)
        assert [each.kind for each in answers] == ["template", "text", "text"]
        assert ada.texts[1] == "tea"


async def test_a_template_that_holds_the_text_is_the_reply(start: Starting, graph: FakeGraph, ada: Person) -> None:
    settings = {**_TEMPLATE, "whatsapp_template": "our_answer", "whatsapp_template_holds_text": True}
    async with start(**settings) as echo:
        await _answered_after(echo, ada, "Tea\n\nand   biscuits", hours=25)
        (answer,) = await graph.answers(ada)
        (component,) = answer.content["components"]
        assert component["parameters"] == [{"type": "text", "text": "Tea and biscuits"}]
        await eventually(lambda: not echo.platform.outlet.parts.in_order)
    async with start(**settings) as echo:
        assert await ParkedTable(echo.echo.store).parked() == []
        await echo.says(ada, "Thanks")
        assert [each.kind for each in ada.received] == ["template", "text"]


async def test_of_a_text_too_long_for_a_template_the_beginning_goes_out_and_all_of_it_waits(
    start: Starting, graph: FakeGraph, ada: Person
) -> None:
    settings = {**_TEMPLATE, "whatsapp_template": "our_answer", "whatsapp_template_holds_text": True}
    long = "word " * 300
    async with start(**settings) as echo:
        await _answered_after(echo, ada, long, hours=25)
        (answer,) = await graph.answers(ada)
        text = answer.content["components"][0]["parameters"][0]["text"]
        assert len(text) <= 1_024
        assert text.endswith(" …")
        await _parked(echo)
        await echo.brings(echo.phone(ada).text("Yes?"))
        await graph.answers(ada, 3)
        assert ada.texts[1].strip() == long.strip()


async def test_where_the_template_is_not_as_the_settings_say_the_reply_waits(
    start: Starting, graph: FakeGraph, ada: Person
) -> None:
    graph.account.templates.clear()
    async with start(**_TEMPLATE) as echo:
        await _answered_after(echo, ada, "tea", hours=25)
        (parked,) = await _parked(echo)
        assert not parked.is_told
        await echo.brings(echo.phone(ada).text("Yes?"))
        await graph.answers(ada, 2)
        assert ada.texts[0] == "tea"


async def test_what_has_waited_for_a_month_is_let_go(start: Starting, graph: FakeGraph, ada: Person) -> None:
    async with start(whatsapp_parked_days=30) as echo:
        await _answered_after(echo, ada, "tea", hours=25)
        await _parked(echo)
        echo.clock.advance(days=30, hours=1)
        await _none_parked(echo)
        await echo.says(ada, "Hello?")
        assert "tea" not in ada.texts


async def test_who_is_forgotten_leaves_nothing_that_waits(start: Starting, ada: Person) -> None:
    async with start() as echo:
        await _answered_after(echo, ada, "tea", hours=25)
        await _parked(echo)
        await echo.brings(echo.phone(ada).text("/forget-me confirm"))
        await echo.graph.answers(ada)
        await _none_parked(echo)
        await echo.says(ada, "Hello?")
        assert ada.texts.count("tea") <= 1
