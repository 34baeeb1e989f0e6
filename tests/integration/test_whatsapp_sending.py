"""What people of the business send into a chat is part of the conversation, and arrives as replies do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from source.domain.attendance import Mode
from source.domain.errors import RefusedInputError
from source.domain.thread import Platform, ThreadRef
from source.services.business_sending import SendState
from tests.fakes.clock import FakeClock
from tests.fakes.graph_people import Person
from tests.fakes.graph_server import FakeGraph
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo

Starting = Callable[..., AbstractAsyncContextManager[WhatsAppEcho]]
_BY = "api:shop"


@pytest.fixture
def graph() -> FakeGraph:
    graph = FakeGraph(clock=FakeClock())
    graph.account.add_template("we_have_an_answer")
    graph.account.add_template("our_answer", parameters=1)
    return graph


@pytest.fixture
def start(graph: FakeGraph, tmp_path: Path) -> Starting:
    return partial(whatsapp_echo, tmp_path, graph=graph)


@pytest.fixture
def ada(graph: FakeGraph) -> Person:
    return graph.people.add("Ada")


async def _chat(echo: WhatsAppEcho, person: Person) -> ThreadRef:
    """Have somebody write, which makes their chat, and be answered."""
    await echo.says(person, "Hello")
    return (await echo.conversations())[-1].head.thread


async def test_a_message_of_the_business_arrives_and_stands_in_the_conversation(start: Starting, ada: Person) -> None:
    async with start() as echo:
        chat = await _chat(echo, ada)
        sent = await echo.echo.sending.send(chat, "Your tea is ready.", asked_by=_BY)
        assert sent.state is SendState.SENT
        assert ada.texts[1:] == ["Your tea is ready."]
        message = (await echo.messages())[-1]
        assert (message.message_id, message.message_content) == (sent.message_id, "Your tea is ready.")
        assert message.is_of_business
        await echo.says(ada, "Which tea?")
        assert "Your tea is ready." in str(echo.model.prompts[-1])


async def test_it_waits_for_the_person_where_they_wrote_too_long_ago(start: Starting, ada: Person) -> None:
    async with start() as echo:
        chat = await _chat(echo, ada)
        echo.clock.advance(hours=25)
        sent = await echo.echo.sending.send(chat, "Your tea is ready.", asked_by=_BY)
        assert sent.state is SendState.PARKED
        (parked,) = await echo.echo.parked.parked()
        assert parked.message_id == sent.message_id
    async with start() as echo:
        await echo.brings(echo.phone(ada).text("Is it ready?"))
        await echo.graph.answers(ada, 3)
        assert ada.texts[1] == "Your tea is ready."
        assert ada.texts.count("Your tea is ready.") == 1


@pytest.mark.parametrize("holds_text", [True, False])
async def test_a_template_takes_it_there(start: Starting, ada: Person, *, holds_text: bool) -> None:
    name = "our_answer" if holds_text else "we_have_an_answer"
    async with start(whatsapp_template=name, whatsapp_template_holds_text=holds_text) as echo:
        chat = await _chat(echo, ada)
        echo.clock.advance(hours=25)
        sent = await echo.echo.sending.send(chat, "Your tea is ready.", asked_by=_BY)
        assert sent.state is SendState.TEMPLATE
        assert [each.kind for each in ada.received] == ["text", "template"]
        assert await echo.echo.parked.count() == (0 if holds_text else 1)


async def test_it_is_kept_while_nothing_can_be_sent_and_arrives_when_something_can(
    start: Starting, graph: FakeGraph, ada: Person
) -> None:
    async with start() as echo:
        chat = await _chat(echo, ada)
        graph.account.token_is_expired = True
        sent = await echo.echo.sending.send(chat, "Your tea is ready.", asked_by=_BY)
        assert sent.state is SendState.WAITING
        assert "WHATSAPP_TOKEN" in (await echo.platform.outlet.health()).sentence
        graph.account.token_is_expired = False
        echo.clock.advance(seconds=3)
        await graph.answers(ada, 2)
        assert ada.texts[1:] == ["Your tea is ready."]


async def test_it_is_sent_and_survives_while_a_person_answers(start: Starting, graph: FakeGraph, ada: Person) -> None:
    async with start() as echo:
        chat = await _chat(echo, ada)
        await echo.echo.taking_over.put(chat, Mode.HUMAN, None, asked_by=_BY)
        graph.account.token_is_expired = True
        await echo.echo.sending.send(chat, "Your tea is ready.", asked_by=_BY)
        await echo.echo.taking_over.put(chat, Mode.HUMAN, None, asked_by=_BY)  # what Echo has said is taken back now
        graph.account.token_is_expired = False
    async with start() as echo:
        echo.clock.advance(seconds=30)  # Meta might tell first that it was sent
        await graph.answers(ada, 2)
        assert ada.texts[1:] == ["Your tea is ready."]


async def test_whoever_wants_nothing_unasked_is_not_written_to(start: Starting, ada: Person) -> None:
    async with start() as echo:
        chat = await _chat(echo, ada)
        await echo.says(ada, "STOP")
        with pytest.raises(RefusedInputError, match="asked not to be written to"):
            await echo.echo.sending.send(chat, "Buy tea!", asked_by=_BY)
        assert "Buy tea!" not in str(await echo.messages())


async def test_who_is_not_on_whatsapp_any_more_gets_nothing_and_that_is_said(start: Starting, ada: Person) -> None:
    async with start() as echo:
        chat = await _chat(echo, ada)
        ada.on_whatsapp = False
        sent = await echo.echo.sending.send(chat, "Your tea is ready.", asked_by=_BY)
        assert sent.state is SendState.FAILED


async def test_nothing_is_sent_where_nobody_is_connected(start: Starting, ada: Person) -> None:
    async with start() as echo:
        await _chat(echo, ada)
        elsewhere = ThreadRef(Platform.WEB, "s1")
        with pytest.raises(RefusedInputError, match="not connected"):
            await echo.echo.sending.send(elsewhere, "Hello", asked_by=_BY)
