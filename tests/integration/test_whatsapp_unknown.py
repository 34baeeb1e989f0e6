"""What Meta may have taken is never sent again, however the sending ended."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from source.domain.outcome import Outcome
from source.domain.thread import Platform
from source.domain.turn import SentPart, TurnRecord
from source.ports.sent import ReplyPart, begun_id, unknown_id
from tests.fakes.clock import FakeClock
from tests.fakes.graph_sending import Sent
from tests.fakes.graph_server import FakeGraph
from tests.fakes.graph_statuses import status_item
from tests.fakes.running_echo import eventually
from tests.fakes.store_samples import inbound, said
from tests.fakes.whatsapp_echo import WhatsAppEcho, whatsapp_echo


async def test_what_was_under_way_when_echo_ended_is_not_sent_again_and_may_be_told_of_later(tmp_path: Path) -> None:
    graph = FakeGraph(clock=FakeClock())
    ada = graph.people.add("Ada")
    start = partial(whatsapp_echo, tmp_path, graph=graph)
    async with start() as echo:
        # The first call that nobody answers shows that the message was read.
        graph.faults.hang(taken=True, person=ada, times=2)
        echo.model.add("The first answer")
        await echo.brings(echo.phone(ada).text("Hello"))
        await eventually(lambda: len(ada.received) == 1 and not graph.faults.pending)
        await echo.echo.turns.drain(timedelta(0), Platform.WHATSAPP)
        (part,) = await echo.echo.store.unfinished_parts(Platform.WHATSAPP)
        assert part == SentPart(part.key, 0, unknown_id(ReplyPart(part.key, 0)))
        graph.faults.release()
    async with start() as echo:
        echo.model.add("The second answer")
        await echo.says(ada, "Are you there?")
        assert ada.texts == ["The first answer", "The second answer"]
        echo.clock.advance(minutes=11)
        await eventually(lambda: _said_by_echo(echo, 1) is Outcome.UNKNOWN)


async def test_a_part_that_is_known_by_its_status_alone_is_not_sent_again(tmp_path: Path) -> None:
    async with whatsapp_echo(tmp_path) as echo:
        ada = echo.graph.people.add("Ada")
        await echo.says(ada, "Hello")
        # Stored and perhaps sent, and then Echo was killed.
        head = (await echo.conversations())[0].head
        event = await echo.echo.store.accept(inbound(thread=head.thread))
        assert event is not None
        reply = TurnRecord(head.conversation_id, (said(by=None),), answered=(event.key,))
        await echo.echo.store.commit_turn(reply)
        parts = echo.platform.outlet.parts
        assert (event.key, 0) not in await parts.sent()
        body = {"type": "text", "text": {"body": "Hi"}, "biz_opaque_callback_data": f"{event.key}:0/1"}
        sent = Sent("wamid.lost", ada, "text", body, echo.clock.now(), to_phone=True)
        await echo.brings(status_item(sent, "sent", echo.clock.now()))
        assert (event.key, 0) in await parts.sent()


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_a_crash_struck_while_it_was_sent_goes_again_unless_meta_tells_of_it(
    tmp_path: Path, *, is_told: bool
) -> None:
    graph = FakeGraph(clock=FakeClock())
    ada = graph.people.add("Ada")
    start = partial(whatsapp_echo, tmp_path, graph=graph)
    async with start() as echo:
        await echo.says(ada, "Hello")
        key = await _killed_while_sending(echo, "The second answer")
    async with start() as echo:
        if is_told:
            body = {"type": "text", "text": {"body": ""}, "biz_opaque_callback_data": f"{key}:0/1"}
            sent = Sent("wamid.struck", ada, "text", body, echo.clock.now(), to_phone=True)
            await echo.brings(status_item(sent, "sent", echo.clock.now()))
        assert len(ada.received) == 1
        echo.clock.advance(seconds=21)
        await eventually(lambda: len(ada.received) == 2 - is_told)
        echo.model.add("The third answer")
        await echo.says(ada, "Are you there?")
        assert ada.texts[1:] == [*([] if is_told else ["The second answer"]), "The third answer"]


async def test_what_meta_refused_goes_again_at_once_after_a_restart(tmp_path: Path) -> None:
    graph = FakeGraph(clock=FakeClock())
    ada = graph.people.add("Ada")
    start = partial(whatsapp_echo, tmp_path, graph=graph)
    async with start() as echo:
        await echo.says(ada, "Hello")
        graph.faults.refuse(190, person=ada, times=9)
        echo.model.add("The second answer")
        await echo.brings(echo.phone(ada).text("Are you there?"))
        await eventually(lambda: echo.platform.outlet.standing.is_stopped)
    graph.faults.clear()
    async with start() as echo:
        await graph.answers(ada, 2)
        assert ada.texts[1:] == ["The second answer"]


async def _killed_while_sending(echo: WhatsAppEcho, text: str) -> int:
    """Leave what a kill leaves between the note that a reply is about to be sent and Meta's answer; return its key."""
    thread = (await echo.conversations())[0].head
    event = await echo.echo.store.accept(inbound(thread=thread.thread))
    assert event is not None
    await echo.echo.store.commit_turn(TurnRecord(thread.conversation_id, (said(text, by=None),), answered=(event.key,)))
    part = SentPart(event.key, 0, begun_id(ReplyPart(event.key, 0)))
    await echo.echo.store.begin_sending(Platform.WHATSAPP, part)
    return event.key


def _said_by_echo(echo: WhatsAppEcho, number: int) -> Outcome:
    """Return how far Echo's reply of this number in the running conversation has come."""
    (conversation,) = echo.echo.manager.get_all_conversations().values()
    return [each for each in conversation.history if not each.is_from_person][number - 1].delivery
