"""Talking over HTTP, with a model behind it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from source.domain.api_key import Scope
from tests.fakes.chat_api import SESSION, Desk, Event, a_desk, said, streaming
from tests.fakes.databases import KINDS, database_of
from tests.fakes.openai_script import Fails, Says

MALFORMED: list[dict[str, object]] = [
    said(""),
    said("  \n "),
    said("a\u0000b"),
    said("Hello", message_id="a/b"),
    said("Hello", session_id=""),
    said("Hello", platform="discord"),
    said("Hello", more=1),
    {"text": "Hello"},
]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def desk(tmp_path: Path, database: str) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path, database_url=database) as desk:
        yield desk


def names(events: list[Event]) -> list[str]:
    return [event.name for event in events]


async def test_a_message_is_answered_as_json(desk: Desk) -> None:
    desk.model.queue(Says(["Good ", "day, Ada"]))
    answer = await desk.api.post("/api/chat", said("Hello", message_id="m1"))
    assert answer.status == 200
    stored = await desk.api.talk.conversation(thread=SESSION)
    assert answer.json == {
        "status": "answered",
        "session_id": "s1",
        "message_id": "m1",
        "text": "Good day, Ada",
        "interrupted": False,
        "conversation_id": stored.head.conversation_id,
        "reply_id": stored.messages[-1].message_id,
        "notices": [],
        "sentence": None,
    }
    assert [(message.message_content, message.requester) for message in stored.messages] == [
        ("Hello", "ada"),
        ("Good day, Ada", None),
    ]
    assert stored.people == {"ada": "Ada"}


async def test_a_reply_streams_as_it_is_spoken(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.model.queue(Says(["Good ", "day"], thinking=["Hm."], gate=gate, gate_after=1))
    async with streaming(desk.api, "/api/chat", said("Hello", message_id="m1")) as stream:
        begun = await stream.until("thinking")
        assert begun[0] == Event("accepted", {"session_id": "s1", "message_id": "m1"})
        gate.set()
        rest = await stream.rest()
    deltas = [event.data["text"] for event in [*begun, *rest] if event.name == "delta"]
    assert "".join(deltas) == "Good day"
    assert rest[-1].name == "done"
    assert rest[-1].data["text"] == "Good day"
    assert rest[-1].data["reply_id"] == (await desk.api.talk.conversation(thread=SESSION)).messages[-1].message_id


async def test_a_repeated_message_gets_the_same_reply(desk: Desk) -> None:
    first = await desk.api.post("/api/chat", said("Hello", message_id="m1"))
    again = await desk.api.post("/api/chat", said("Hello", message_id="m1"))
    assert again.json == first.json
    async with streaming(desk.api, "/api/chat", said("Hello", message_id="m1")) as stream:
        events = await stream.rest()
    assert names(events) == ["accepted", "done"]
    assert events[-1].data["text"] == first.json["text"]
    assert len(desk.model.requests) == 1
    assert len(await desk.texts()) == 2


async def test_a_message_that_is_repeated_while_it_is_answered_joins_the_reply(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    async with streaming(desk.api, "/api/chat", said("Hello", message_id="m1")) as first:
        await first.until("delta")
        async with streaming(desk.api, "/api/chat", said("Hello", message_id="m1")) as second:
            assert (await second.until("delta"))[-1].data["text"] == "Good "
            gate.set()
            assert (await first.rest())[-1] == (await second.rest())[-1]
    assert len(desk.model.requests) == 1


async def test_an_id_that_was_used_for_another_message_is_refused(desk: Desk) -> None:
    await desk.api.post("/api/chat", said("Hello", message_id="m1"))
    for other in (said("Something else", message_id="m1"), {**said("Hello", message_id="m1"), "user_id": "bob"}):
        answer = await desk.api.post("/api/chat", other)
        assert answer.status == 409
        assert "message_id" in answer.json["detail"]
    elsewhere = await desk.api.post("/api/chat", {**said("Hello", message_id="m1"), "session_id": "s2"})
    assert elsewhere.status == 200


async def test_what_is_said_meanwhile_is_answered_together(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.model.queue(Says(["First"], gate=gate), Says(["To both"]))
    async with streaming(desk.api, "/api/chat", said("One")) as first:
        await desk.model.requested()
        waiting = [
            asyncio.create_task(desk.api.post("/api/chat", said(text, message_id=text))) for text in ("Two", "Three")
        ]
        await desk.accepted(3)
        gate.set()
        assert (await first.rest())[-1].data["text"] == "First"
    answers = [(await task).json for task in waiting]
    assert [answer["text"] for answer in answers] == ["To both", "To both"]
    assert answers[0]["reply_id"] == answers[1]["reply_id"]
    assert len(desk.model.requests) == 2


async def test_a_caller_who_goes_away_stops_nothing(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    async with streaming(desk.api, "/api/chat", said("Hello", message_id="m1")) as stream:
        await stream.until("delta")
    gate.set()
    again = await desk.api.post("/api/chat", said("Hello", message_id="m1"))
    assert again.json["text"] == "Good day"
    assert len(desk.model.requests) == 1
    assert await desk.api.talk.echo.store.undelivered() == []


async def test_a_caller_who_reads_slowly_holds_nobody_up(desk: Desk) -> None:
    long = ["word " * 100] * 100
    desk.model.queue(Says(long))
    async with streaming(desk.api, "/api/chat", said("Talk", message_id="m1")) as slow:
        await slow.until("delta")
        again = await desk.api.post("/api/chat", said("Talk", message_id="m1"))
        assert again.json["text"] == "".join(long)
        assert (await desk.api.post("/api/chat", said("Next"))).json["status"] == "answered"
        assert (await slow.rest())[-1].data["text"] == "".join(long)


async def test_a_message_without_an_answer_is_kept_and_says_so(desk: Desk) -> None:
    desk.model.queue(*[Fails(500)] * 10)
    answer = await desk.api.post("/api/chat", said("Hello", message_id="m1"))
    assert answer.status == 202
    assert answer.json["status"] == "kept"
    assert "kept" in answer.json["sentence"]
    assert [event.inbound.text for event in await desk.api.talk.echo.store.unanswered()] == ["Hello"]


async def test_who_asks_again_for_an_answer_that_is_put_off_is_not_held_for_ever(desk: Desk) -> None:
    desk.model.queue(*[Fails(500)] * 10)
    await desk.api.post("/api/chat", said("Hello", message_id="m1"))
    async with streaming(desk.api, "/api/chat", said("Hello", message_id="m1")) as stream:
        assert (await stream.next()) == Event("accepted", {"session_id": "s1", "message_id": "m1"})
        desk.model.queue(*[Fails(500)] * 10)
        desk.clock.advance(seconds=61)
        assert (await stream.rest())[-1].name == "failed"


async def test_silence_is_filled_with_comments(tmp_path: Path) -> None:
    async with a_desk(tmp_path, pause_seconds=0.01) as desk:
        gate = asyncio.Event()
        desk.model.queue(Says(["Good day"], gate=gate))
        async with streaming(desk.api, "/api/chat", said("Hello")) as stream:
            assert names([await stream.until("accepted")][0]) == ["accepted"]
            assert await stream.next() == Event("", None)
            gate.set()
            assert (await stream.rest())[-1].data["text"] == "Good day"


async def test_stop_ends_the_answer_and_keeps_what_was_said(desk: Desk) -> None:
    assert (await desk.api.post("/api/chat/stop", {"session_id": "s1"})).json == {"stopped": False}
    gate = asyncio.Event()
    desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    async with streaming(desk.api, "/api/chat", said("Hello")) as stream:
        await stream.until("delta")
        assert (await desk.api.post("/api/chat/stop", {"session_id": "s1"})).json == {"stopped": True}
        done = (await stream.rest())[-1].data
    assert (done["text"], done["interrupted"]) == ("Good ", True)
    gate.set()


async def test_when_echo_stops_whoever_waits_is_told(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    async with streaming(desk.api, "/api/chat", said("Hello")) as stream:
        await stream.until("delta")
        desk.stop.set()
        last = (await stream.rest())[-1]
    assert last.name == "failed"
    assert "restarted" in last.data["sentence"]
    gate.set()


async def test_what_was_left_is_answered_at_the_next_start(tmp_path: Path, database: str) -> None:
    async with a_desk(tmp_path, database_url=database) as desk:
        desk.model.queue(*[Fails(500)] * 10)
        assert (await desk.api.post("/api/chat", said("Hello", message_id="m1"))).status == 202
    async with a_desk(tmp_path, database_url=database) as desk:
        answer = await desk.api.post("/api/chat", said("Hello", message_id="m1"))
        assert answer.json["status"] == "answered"
        assert await desk.texts() == ["Hello", answer.json["text"]]
        assert len(desk.model.requests) == 1


async def test_a_malformed_message_is_refused(desk: Desk) -> None:
    for body in MALFORMED:
        answer = await desk.api.post("/api/chat", body)
        assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json"), body
    assert not desk.model.requests


async def test_a_message_that_is_too_long_is_refused_with_a_sentence(desk: Desk) -> None:
    answer = await desk.api.post("/api/chat", said("x" * (desk.api.talk.settings.max_message_bytes + 1)))
    assert answer.status == 422
    assert "too long" in answer.json["detail"]


async def test_a_key_needs_the_scope_and_sessions_of_the_terminal_the_machine(desk: Desk) -> None:
    reader = await desk.api.make_key(Scope.READ, name="reader")
    talker = await desk.api.make_key(Scope.CHAT, name="talker")
    assert (await desk.api.post("/api/chat", said("Hello"), key=reader)).status == 403
    assert (await desk.api.post("/api/chat", said("Hello"), key=talker)).status == 200
    assert (await desk.api.post("/api/chat", said("Hello", platform="terminal"), key=talker)).status == 403
    assert (await desk.api.post("/api/chat/recover", key=talker)).status == 403
    local = desk.api.local_token.secret
    assert (await desk.api.post("/api/chat", said("Hello", platform="terminal"), key=local)).status == 200


async def test_who_answers_is_told(desk: Desk) -> None:
    assert (await desk.api.get("/api/chat")).json == {"model": "test-model", "is_offline": False}


async def test_a_message_is_one_under_an_idempotency_key_and_its_reply_is_kept_nowhere_else(desk: Desk) -> None:
    desk.model.queue(Says(["Good day"]), Says(["Never"]))
    once = {"Idempotency-Key": "once"}
    answers = [await desk.api.post("/api/chat", said("Hello"), headers=once) for _ in range(2)]
    assert [answer.json["text"] for answer in answers] == ["Good day", "Good day"]
    assert answers[0].json["message_id"] == answers[1].json["message_id"]
    assert "Idempotency-Replayed" not in answers[1].headers
    other = await desk.api.post("/api/chat", said("Hello"), headers={"Idempotency-Key": "other"})
    assert other.json["text"] == "Never"
