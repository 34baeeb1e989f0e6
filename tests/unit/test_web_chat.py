"""Who asks over HTTP, and what comes back in every case."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from source.adapters.web.chat import ChatParts, WebChat
from source.adapters.web.chat_channel import Failed, Spoken
from source.adapters.web.chat_exchange import Answered, ChatEvent, Exchange
from source.adapters.web.problems import Problem
from source.domain.errors import ModelUnavailableError, StoreUnavailableError
from source.domain.message import Message
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import InboundMessage, SaidMessage
from source.ports.asked_before import AskedBefore
from source.ports.store import ConversationListing
from source.services.commands import CommandInvocation, CommandReply, CommandSpec
from tests.fakes.small_echo import ANA, SmallEcho, rest

SESSION = ThreadRef(Platform.WEB, "s1")


class Commands:
    """Commands that wait until a test lets them end."""

    vocabulary: tuple[CommandSpec, ...] = ()

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.error: Exception | None = None

    async def run(self, invocation: CommandInvocation) -> CommandReply:
        if self.error is not None:
            raise self.error
        if invocation.channel is not None and invocation.name == "retry":
            await invocation.channel.open_reply(invocation.thread, (5,)).deliver("Once more")
        await self.may_end.wait()
        return CommandReply("Done.")

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        raise AssertionError(thread)

    async def listing(self, invocation: CommandInvocation) -> Sequence[ConversationListing]:
        raise AssertionError(invocation)


class Looks:
    """What each look for an earlier message finds."""

    def __init__(self) -> None:
        self.found: list[AskedBefore | None] = []

    async def asked_before(self, platform: Platform, event_id: str) -> AskedBefore | None:
        await asyncio.sleep(0)
        return self.found.pop(0)


class Replies:
    """What the store has of replies."""

    def __init__(self, echo: SmallEcho) -> None:
        self._echo = echo
        self.is_away = False

    async def reply_to_event(self, key: int) -> SaidMessage | None:
        if self.is_away:
            raise StoreUnavailableError("away")
        return await self._echo.store.reply_to_event(key)


class Visit:
    """A chat over a small Echo."""

    def __init__(self) -> None:
        self.echo = SmallEcho()
        self.commands = Commands()
        self.looks = Looks()
        self.replies = Replies(self.echo)
        self.chat = WebChat(
            ChatParts(
                turns=self.echo.turns,
                commands=self.commands,
                replies=self.replies,
                asked_before=self.looks,
                clock=self.echo.clock,
                model_name="scripted",
                is_offline=False,
                drain=timedelta(0),
            )
        )

    @property
    def key(self) -> int:
        """The store's key of Ana's message."""
        return self.echo.store.events[Platform.WEB, "s1/m1"].key

    def inbound(self, text: str = "Hello", event_id: str = "s1/m1") -> InboundMessage:
        return self.echo.inbound(text, event_id, thread=SESSION)

    def before(self, key: int, *, is_over: bool) -> AskedBefore:
        return AskedBefore(key, SESSION, ANA.external_id, "Hello", is_over, None)


@pytest.fixture
async def visit() -> Visit:
    return Visit()


async def whole(exchange: Exchange) -> list[ChatEvent]:
    return [event async for event in exchange.events()]


async def last(exchange: Exchange) -> ChatEvent:
    return (await whole(exchange))[-1]


async def test_an_answer_that_came_before_anybody_listened_is_that_of_the_store(visit: Visit) -> None:
    exchange = await visit.chat.ask(visit.inbound())
    await rest()
    told = await last(exchange)
    assert isinstance(told, Answered)
    assert (told.text, told.reply_id is not None) == ("All right.", True)


async def test_whose_message_was_not_kept_is_asked_to_send_it_again(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: InboundMessage) -> None:
        await asyncio.sleep(0)
        raise StoreUnavailableError("the connection to secret was lost")

    with monkeypatch.context() as broken:
        broken.setattr(visit.echo.store, "accept", refuse)
        with pytest.raises(Problem) as refused:
            await visit.chat.ask(visit.inbound())
    assert (refused.value.status_code, refused.value.headers) == (503, {"Retry-After": "5"})
    assert refused.value.detail == (
        "The store cannot be read or written now. Your message was not kept: send it again in a moment."
    )
    assert isinstance(await last(await visit.chat.ask(visit.inbound())), Answered)


async def test_all_who_are_answered_together_hear_the_answer_as_it_comes(visit: Visit) -> None:
    visit.echo.model.hold()
    first = await visit.chat.ask(visit.inbound())
    together = [await visit.chat.ask(visit.inbound(text, f"s1/{text}")) for text in ("Two", "Three")]
    hearing = [asyncio.create_task(whole(exchange)) for exchange in together]
    visit.echo.model.release()
    await last(first)
    heard = [await each for each in hearing]
    assert heard[0] == heard[1]
    assert [type(event) for event in heard[0]][-2:] == [Spoken, Answered]


async def test_a_repeat_that_is_answered_between_two_looks_gets_the_answer(visit: Visit) -> None:
    first = await last(await visit.chat.ask(visit.inbound()))
    key = visit.key
    visit.looks.found = [visit.before(key, is_over=False), visit.before(key, is_over=True)]
    assert await last(await visit.chat.ask(visit.inbound())) == first
    assert visit.looks.found == []


async def test_a_repeat_whose_answer_is_put_off_is_told_so_after_a_while(visit: Visit) -> None:
    visit.echo.model.add(ModelUnavailableError("away"))
    told = await last(await visit.chat.ask(visit.inbound()))
    assert isinstance(told, Failed)
    key = visit.key
    visit.looks.found = [visit.before(key, is_over=False)] * 2
    again = asyncio.create_task(last(await visit.chat.ask(visit.inbound())))
    await rest()
    assert not again.done()
    visit.echo.model.hold()
    visit.echo.clock.advance(seconds=61)
    await rest()
    told = await again
    assert isinstance(told, Failed)
    assert "kept" in told.sentence
    visit.echo.model.release()


async def test_a_repeat_that_reads_an_answer_is_not_cut_off(visit: Visit) -> None:
    visit.echo.model.hold(after=1)
    exchange = await visit.chat.ask(visit.inbound())
    await rest()
    key = visit.key
    visit.looks.found = [visit.before(key, is_over=False)] * 2
    again = asyncio.create_task(last(await visit.chat.ask(visit.inbound())))
    await rest()
    visit.echo.clock.advance(seconds=61)
    await rest()
    assert not again.done()
    visit.echo.model.release()
    assert await again == await last(exchange)


async def test_an_id_of_somebody_elses_message_is_refused(visit: Visit) -> None:
    await last(await visit.chat.ask(visit.inbound()))
    key = visit.key
    elsewhere = AskedBefore(key, ThreadRef(Platform.WEB, "s2"), ANA.external_id, "Hello", True, None)
    somebody = AskedBefore(key, SESSION, "ben", "Hello", True, None)
    other = AskedBefore(key, SESSION, ANA.external_id, "Bye", True, None)
    for before in (elsewhere, somebody, other, None):
        visit.looks.found = [before]
        with pytest.raises(Problem) as refused:
            await visit.chat.ask(visit.inbound())
        assert refused.value.status_code == 409
    edited = AskedBefore(key, SESSION, ANA.external_id, None, True, None)
    visit.looks.found = [edited]
    assert isinstance(await last(await visit.chat.ask(visit.inbound())), Answered)


async def test_a_reply_that_cannot_be_read_is_told_all_the_same(visit: Visit) -> None:
    visit.echo.model.hold(after=1)
    exchange = await visit.chat.ask(visit.inbound())
    answer = asyncio.create_task(last(exchange))
    await rest()
    visit.replies.is_away = True
    visit.echo.model.release()
    told = await answer
    assert isinstance(told, Answered)
    assert (told.text, told.reply_id) == ("All right.", None)


async def test_a_command_that_is_refused_is_refused_before_anything_comes_back(visit: Visit) -> None:
    visit.commands.error = StoreUnavailableError("away")
    exchange = await visit.chat.command(CommandInvocation("new", SESSION, ANA))
    with pytest.raises(StoreUnavailableError):
        await exchange.begun()


async def test_a_command_goes_on_when_its_caller_goes_away(visit: Visit) -> None:
    exchange = await visit.chat.command(CommandInvocation("new", SESSION, ANA))
    waiting = asyncio.create_task(exchange.reply())
    await rest()
    waiting.cancel()
    await rest()
    visit.commands.may_end.set()
    assert await exchange.reply() == CommandReply("Done.")


async def test_a_reply_that_a_command_causes_is_told_before_its_end(visit: Visit) -> None:
    exchange = await visit.chat.command(CommandInvocation("retry", SESSION, ANA))
    await exchange.begun()
    told = await last(exchange)
    assert isinstance(told, Answered)
    assert (told.text, told.reply_id) == ("Once more", None)
    visit.commands.may_end.set()
    assert (await exchange.reply()).text == "Done."


async def test_whoever_waits_is_let_go_at_the_end(visit: Visit) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(visit.chat.run(stop))
    visit.echo.model.hold()
    asked = asyncio.create_task(last(await visit.chat.ask(visit.inbound())))
    await rest()
    key = visit.key
    visit.looks.found = [visit.before(key + 1, is_over=False)] * 2
    repeated = asyncio.create_task(last(await visit.chat.ask(visit.inbound())))
    await rest()
    stop.set()
    await running
    assert all(isinstance(each, Failed) for each in (await asked, await repeated))


async def test_what_was_left_is_answered_from_the_start(visit: Visit) -> None:
    await visit.echo.store.accept(visit.inbound())
    stop = asyncio.Event()
    running = asyncio.create_task(visit.chat.run(stop))
    await rest()
    assert await visit.echo.store.unanswered() == []
    assert await visit.echo.store.undelivered() == []
    stop.set()
    await running
