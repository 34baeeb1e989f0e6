"""Others go on talking while somebody is forgotten, and keep nothing of what they are told meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from source.domain.conversation_head import StoredConversation
from source.domain.privacy import Receipt, ReceiptKind, Subject
from source.domain.task import Json
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.services.forgetting import Forgetting
from source.services.rewriting import Decision, Rewriting
from source.services.task_input import ids_in
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import Talk, eventually, running_echo

ADA = PersonRef("ada-7731", "Adalbertine")
BOB = PersonRef("bob-1188", "Bobrowski")
HALL = ThreadRef(Platform.DISCORD, "hall-1", "guild-1", "The guild")
BOBS = ThreadRef(Platform.DISCORD, "hall-3", "guild-1", "The guild")
ALONE = ThreadRef(Platform.DISCORD, "hall-2", "guild-1", "The guild")
FIRST = ThreadRef(Platform.DISCORD, "hall-0", "guild-1", "The guild")
NEW = ThreadRef(Platform.DISCORD, "hall-4", "guild-1", "The guild")
ASKED = "What did we say about the spare key under the mat?"


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _talked(talk: Talk) -> Receipt:
    """Ada says something beside Bob, who also talks elsewhere; then she wishes to be forgotten."""
    await talk.say("Hello from the first", thread=FIRST, person=BOB)
    await talk.say("I keep the spare key zzhall7 under the mat", thread=HALL, person=ADA)
    await talk.say("I like gardens more", thread=HALL, person=BOB)
    await talk.say("Hello there", thread=BOBS, person=BOB)
    privacy = talk.echo.privacy
    who = await privacy.reading.known_as(Platform.DISCORD, ADA.external_id)
    assert who is not None
    return await privacy.receipts.add_receipt(ReceiptKind.FORGET, subject=Subject(who.person_id), requested_by="person")


async def _forget(talk: Talk, receipt: Receipt, before: str, ask: Callable[[], Awaitable[object]]) -> None:
    """Do the steps one by one, and something else before one of them."""
    for step in await _forgetting_of(talk).plan(receipt.receipt_id):
        if step["step"] == before:
            await ask()
        await _perform(talk, receipt, step)
    assert (await talk.echo.privacy.desk.receipt(receipt.receipt_id)).is_done


async def _perform(talk: Talk, receipt: Receipt, step: Json) -> None:
    ids = ids_in(step, "conversations") or []
    await _forgetting_of(talk).perform(str(step["step"]), receipt.receipt_id, ids)


def _forgetting_of(talk: Talk) -> Forgetting:
    return talk.echo.privacy._forgetting


@pytest.mark.parametrize("before", ["withdraw", "own", "person", "end"])
@pytest.mark.parametrize("thread", [BOBS, NEW], ids=["going on", "begun"])
async def test_who_asks_between_two_steps_keeps_nothing_of_the_answer(
    tmp_path: Path, server: FakeOpenAIServer, before: str, thread: ThreadRef
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        receipt = await _talked(talk)
        await _forget(talk, receipt, before, lambda: talk.say(ASKED, thread=thread, person=BOB))
        kept = await talk.conversation(thread=thread)
    assert found_in(tmp_path, ["zzhall7"]) == {}
    assert ASKED in [message.message_content for message in kept.messages]


async def test_a_turn_that_was_shown_the_words_and_ends_afterwards_is_waited_for(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk, asyncio.TaskGroup() as tasks:
        receipt = await _talked(talk)
        gate = asyncio.Event()
        before = len(server.requests)
        server.queue(Says(["The mat"], gate=gate))

        async def begin() -> None:
            tasks.create_task(talk.say(ASKED, thread=NEW, person=BOB))
            await server.requested(before + 1)

        async def end() -> None:
            tasks.create_task(_open_once_waited_for(talk, gate))

        _interrupt(talk, monkeypatch, wait=end)
        await _forget(talk, receipt, "own", begin)
        await talk.echo.manager.write_transcripts()
    assert found_in(tmp_path, ["zzhall7"]) == {}


@pytest.mark.parametrize("thread", [HALL, ALONE], ids=["they both spoke", "she spoke alone"])
async def test_a_conversation_that_goes_on_from_theirs_meanwhile_carries_nothing_of_it(
    tmp_path: Path, server: FakeOpenAIServer, thread: ThreadRef
) -> None:
    async def go_on() -> None:
        await talk.command("new", thread=thread, person=BOB)
        await talk.say("Let us go on", thread=thread, person=BOB)
        assert "zzhall7" in (await talk.conversation(thread=thread)).head.carried_summary

    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I keep another key, zzhall7 too, in the garden", thread=ALONE, person=ADA)
        await _forget(talk, await _talked(talk), "own", go_on)
        carried = (await talk.conversation(thread=thread)).head.carried_summary
    assert found_in(tmp_path, ["zzhall7"]) == {}
    assert ("gardens" in carried) is (thread is HALL)


async def test_what_is_looked_for_is_known_after_a_crash_in_between(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        receipt = await _talked(talk)
        steps = await _forgetting_of(talk).plan(receipt.receipt_id)
        await talk.say(ASKED, thread=BOBS, person=BOB)
        for step in steps:
            if step["step"] == "own":
                await _perform(talk, receipt, step)
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.echo.privacy.desk.hand_in_all()
        ended = await talk.echo.privacy.desk.done_within(receipt, timedelta(seconds=20))
    assert ended.is_done
    assert found_in(tmp_path, ["zzhall7"]) == {}


async def test_what_was_told_on_before_it_went_is_looked_for_again(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        receipt = await _talked(talk)
        server.queue(Says(["The spare key zzhall7 is under the mat"]))
        await talk.say("Tell me of the key", thread=BOBS, person=BOB)
        # The first thread was looked at by then: there he is told what another still has.
        changed = _interrupt(talk, monkeypatch, change=lambda: talk.say(ASKED, thread=FIRST, person=BOB))
        await _forget(talk, receipt, "", _nothing)
    assert len(changed) == 2
    assert found_in(tmp_path, ["zzhall7"]) == {}


async def _open_once_waited_for(talk: Talk, gate: asyncio.Event) -> None:
    chairs = talk.echo.manager._seats._chairs
    await eventually(lambda: gate.is_set() or chairs[NEW.key].users > 1)
    gate.set()


async def _nothing() -> None:
    """Let everything go its way."""


def _interrupt(
    talk: Talk,
    monkeypatch: pytest.MonkeyPatch,
    *,
    wait: Callable[[], Awaitable[object]] = _nothing,
    change: Callable[[], Awaitable[object]] = _nothing,
) -> list[int]:
    """Have something happen before turns are waited for, or before the first change; return what is changed."""
    interrupted = _Interrupted(talk.echo.rewriting, wait, change)
    monkeypatch.setattr(_forgetting_of(talk)._parts.others, "_rewriting", interrupted)
    return interrupted.changed


@dataclass
class _Interrupted:
    """Changes conversations as it does without interruptions."""

    changing: Rewriting
    before_waiting: Callable[[], Awaitable[object]]
    before_first: Callable[[], Awaitable[object]]
    changed: list[int] = field(default_factory=list)

    async def look(self, conversation_id: int) -> StoredConversation | None:
        return await self.changing.look(conversation_id)

    async def turns_ended(self) -> None:
        await self.before_waiting()
        await self.changing.turns_ended()

    async def change(
        self, conversation_id: int, decide: Callable[[StoredConversation], Awaitable[Decision]]
    ) -> Decision:
        self.changed.append(conversation_id)
        if len(self.changed) == 1:
            await self.before_first()
        return await self.changing.change(conversation_id, decide)
