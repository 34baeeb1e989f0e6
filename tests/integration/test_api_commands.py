"""Commands and sessions over HTTP, and what was left of the terminal's."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from source.domain.api_key import Scope
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from tests.fakes.chat_api import SESSION, Desk, a_desk, said, streaming
from tests.fakes.databases import KINDS, database_of
from tests.fakes.openai_script import Fails, Says

TERMINAL = ThreadRef(Platform.TERMINAL, "a/b")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def desk(tmp_path: Path, database: str) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path, database_url=database) as desk:
        yield desk


def commanded(word: str, **more: object) -> dict[str, object]:
    """What Ada commands in her session."""
    return {"session_id": "s1", "user_id": "ada", "command": word, **more}


async def test_the_vocabulary_is_that_of_every_platform(desk: Desk) -> None:
    listed = (await desk.api.get("/api/commands")).json["commands"]
    spoken = desk.chat.parts.commands.vocabulary
    assert [(each["name"], each["usage"]) for each in listed] == [(each.name, each.usage) for each in spoken]
    new = next(each for each in listed if each["name"] == "new")
    assert [(option["name"], option["kind"], option["takes_rest"]) for option in new["options"]] == [
        ("fresh", "flag", False),
        ("topic", "text", True),
    ]


async def test_a_command_is_written_without_its_slash(desk: Desk) -> None:
    refused = await desk.api.post("/api/commands", commanded("/memory"))
    assert refused.status == 422
    assert refused.json["errors"] == [
        {"location": "body.command", "problem": "A command's name is expected, without the slash, such as new."}
    ]


async def test_a_command_acts_in_its_session(desk: Desk) -> None:
    await desk.api.post("/api/chat", said("Hello"))
    answer = await desk.api.post("/api/commands", commanded("new", options={"fresh": True, "topic": "the trip"}))
    assert answer.status == 200
    assert "about the trip" in answer.json["text"]
    listed = (await desk.api.get("/api/sessions/web/s1/conversations?user_id=ada")).json["conversations"]
    assert [(each["number"], each["state"]) for each in listed] == [(1, "active"), (2, "ended")]
    assert (await desk.api.talk.conversation(thread=SESSION)).head.title == "the trip"


async def test_a_retry_gives_its_new_answer(desk: Desk) -> None:
    desk.model.queue(Says(["First"]), Says(["Second"]), Says(["Third"]))
    await desk.api.post("/api/chat", said("Hello"))
    answer = (await desk.api.post("/api/commands", commanded("retry"))).json["answer"]
    assert (answer["status"], answer["text"]) == ("answered", "Second")
    async with streaming(desk.api, "/api/commands", commanded("retry")) as stream:
        events = await stream.rest()
    assert [event.name for event in events[-2:]] == ["done", "command"]
    assert events[-2].data["text"] == "Third"
    assert events[-2].data["reply_id"] == (await desk.api.talk.conversation(thread=SESSION)).messages[-1].message_id


async def test_a_command_given_twice_acts_once(desk: Desk) -> None:
    await desk.api.post("/api/chat", said("Hello"))
    first = await desk.api.post("/api/commands", commanded("new", invocation_id="i1"))
    again = await desk.api.post("/api/commands", commanded("new", invocation_id="i1"))
    assert first.json["text"]
    assert again.json["text"] == ""
    assert len(await desk.api.talk.conversations(thread=SESSION)) == 2


async def test_a_file_comes_whole(desk: Desk) -> None:
    await desk.api.post("/api/chat", said("Hello"))
    file = (await desk.api.post("/api/commands", commanded("export"))).json["file"]
    content = b64decode(file["content_base64"])
    assert len(content) == file["size_bytes"]
    assert json.loads(content)["history"][0]["message_content"] == "Hello"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_command_that_is_wrong_is_refused_with_its_sentence(desk: Desk, accept: str) -> None:
    for body in (commanded("sumary"), commanded("new", options={"colour": "red"}), commanded("search")):
        answer = await desk.api.post("/api/commands", body, headers={"Accept": accept})
        assert answer.status == 422
        assert "/" in answer.json["detail"]


async def test_a_session_shows_what_was_said_in_it(desk: Desk) -> None:
    desk.model.queue(Says(["Good day"], thinking=["Hm."]))
    assert (await desk.api.get("/api/sessions/web/s1/history")).json == {"messages": []}
    await desk.api.post("/api/chat", said("Hello"))
    messages = (await desk.api.get("/api/sessions/web/s1/history")).json["messages"]
    assert [(each["role"], each["content"], each["requester"]) for each in messages] == [
        ("user", "Hello", "ada"),
        ("assistant", "Good day", None),
    ]
    assert len((await desk.api.get("/api/sessions/web/s1/history?limit=1")).json["messages"]) == 1
    assert (await desk.api.get("/api/sessions/web/s1/history?limit=501")).status == 422
    assert (await desk.api.get("/api/sessions/discord/s1/history")).status == 422


async def test_a_persons_conversations_are_numbered_as_commands_take_them(desk: Desk) -> None:
    await desk.api.post("/api/chat", said("Hello"))
    await desk.api.post("/api/commands", commanded("new"))
    await desk.api.post("/api/chat", said("Hello again"))
    listed = (await desk.api.get("/api/sessions/web/s1/conversations?user_id=ada")).json["conversations"]
    assert [(each["number"], each["state"], each["message_count"]) for each in listed] == [
        (1, "active", 2),
        (2, "ended", 2),
    ]
    assert (await desk.api.get("/api/sessions/web/s1/conversations?user_id=bob")).json == {"conversations": []}


async def test_sessions_of_the_terminal_are_for_this_machine(desk: Desk) -> None:
    local = desk.api.local_token.secret
    key = await desk.api.make_key(Scope.CHAT)
    path = "/api/sessions/terminal/a%2Fb/history"
    assert (await desk.api.get(path, key=key)).status == 403
    body = {**said("Hello", platform="terminal"), "session_id": "a/b"}
    assert (await desk.api.post("/api/chat", body, key=local)).status == 200
    assert len((await desk.api.get(path, key=local)).json["messages"]) == 2


async def test_what_an_earlier_process_left_in_the_terminal_is_answered_for_who_comes_back(desk: Desk) -> None:
    await left_in_the_terminal(desk, "Are you there?")
    assert (await desk.api.get("/api/chat")).status == 200
    assert not desk.model.requests
    left = (await desk.api.post("/api/chat/recover")).json
    assert [each["session_id"] for each in left["replies"]] == ["a/b"]
    assert left["replies"][0]["text"] == (await desk.texts(TERMINAL))[-1]
    assert (await desk.api.post("/api/chat/recover")).json == {"replies": [], "failures": []}


async def test_what_nobody_read_in_the_terminal_waits_for_who_comes_back(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    body = {**said("Hello", platform="terminal"), "session_id": "a/b"}
    async with streaming(desk.api, "/api/chat", body) as stream:
        await stream.until("delta")
    await desk.until_nobody_listens()
    gate.set()
    await desk.undelivered(1)
    async with streaming(desk.api, "/api/chat/recover", {}) as stream:
        events = await stream.rest()
    assert [(event.name, event.data["text"]) for event in events] == [("done", "Good day")]
    assert await desk.api.talk.echo.store.undelivered() == []


async def test_what_cannot_be_answered_yet_is_said_to_who_comes_back(desk: Desk) -> None:
    desk.model.queue(*[Fails(500)] * 10)
    await left_in_the_terminal(desk, "Are you there?")
    left = (await desk.api.post("/api/chat/recover")).json
    assert left["replies"] == []
    assert [each["session_id"] for each in left["failures"]] == ["a/b"]


async def left_in_the_terminal(desk: Desk, text: str) -> None:
    """Leave a message as a process does that dies before its answer."""
    inbound = InboundMessage("e1", TERMINAL, PersonRef("ada", "Ada"), text, desk.clock.now())
    await desk.api.talk.echo.store.accept(inbound)


async def test_a_command_that_was_refused_is_no_repeat_when_it_comes_again(desk: Desk) -> None:
    for _ in range(2):
        refused = await desk.api.post("/api/commands", commanded("resume", options={"which": "77"}, invocation_id="i2"))
        assert refused.status == 422
