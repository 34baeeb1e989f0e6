"""Where Echo answers, pauses, lanes and sentences that are said once."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from source.adapters.discord.addresses import at_gateway
from source.adapters.discord.inbound import OwnMessages, other_lines
from source.adapters.discord.lanes import Lanes
from source.adapters.discord.places import Answer, Kind, answer_at
from source.adapters.discord.telling import Once
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize(
    ("kind", "is_mentioned", "is_echos", "answer"),
    [
        (Kind.DIRECT, False, False, Answer.HERE),
        (Kind.CHANNEL, True, False, Answer.IN_NEW_THREAD),
        (Kind.CHANNEL, False, True, Answer.NOT_AT_ALL),
        (Kind.THREAD, False, True, Answer.HERE),
        (Kind.THREAD, True, False, Answer.HERE),
        (Kind.THREAD, False, False, Answer.NOT_AT_ALL),
        (Kind.VOICE, True, False, Answer.HERE),
        (Kind.VOICE, False, False, Answer.NOT_AT_ALL),
    ],
)
def test_where_a_message_is_answered(kind: Kind, is_mentioned: bool, is_echos: bool, answer: Answer) -> None:
    assert answer_at(kind, is_mentioned=is_mentioned, is_echos=is_echos) is answer


async def test_a_lane_is_passed_in_the_order_of_arrival_and_is_gone_when_empty() -> None:
    lanes, order = Lanes(), list[str]()

    async def pass_through(name: str, *keys: int, pause: int = 0) -> None:
        async with lanes.at(*keys):
            for _ in range(pause):
                await asyncio.sleep(0)
            order.append(name)

    await asyncio.gather(
        pass_through("first", 1, pause=5),
        pass_through("second", 2, 1),
        pass_through("third", 2),
        pass_through("all", 1, 1),
    )
    assert order.index("first") < order.index("second")
    assert order.index("first") < order.index("all")
    assert len(lanes) == 0


def test_a_thing_is_said_once_in_a_while_to_each() -> None:
    clock = FakeClock()
    once = Once(clock, every=timedelta(minutes=1))
    assert [once.is_due(1, "a"), once.is_due(1, "a"), once.is_due(1, "b"), once.is_due(2, "a")] == [
        True,
        False,
        True,
        True,
    ]
    clock.advance(seconds=59)
    assert not once.is_due(1, "a")
    clock.advance(seconds=1)
    assert once.is_due(1, "a")


def test_echos_last_message_before_another_is_known() -> None:
    own = OwnMessages()
    for message in (5, 9, 20):
        own.add(1, message)
    assert [own.latest_before(1, message) for message in (5, 10, 21)] == [None, 9, 20]
    assert own.latest_before(2, 10) is None


def test_a_configured_gateway_keeps_what_is_asked_of_it() -> None:
    named = "wss://gateway-us-east1-b.discord.gg/?v=10&encoding=json&compress=zlib-stream"
    assert at_gateway(named, "ws://127.0.0.1:8/gw") == "ws://127.0.0.1:8/gw?v=10&encoding=json&compress=zlib-stream"


def test_stickers_and_polls_are_told_in_a_line() -> None:
    poll = SimpleNamespace(question="Lunch?", answers=[SimpleNamespace(text="pizza"), SimpleNamespace(text="soup")])
    message: Any = SimpleNamespace(stickers=[SimpleNamespace(name="Wave")], poll=poll)
    assert other_lines(message) == ["[sticker: Wave]", "[poll: Lunch? Answers: pizza; soup]"]
