"""What is known of messages, figures, and who may call which path, over HTTP, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.domain.api_key import Scope
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.databases import KINDS, database_of
from tests.fakes.operations_api import Desk, a_desk


@pytest.fixture(params=KINDS)
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    with database_of(request.param, tmp_path) as url:
        async with a_desk(tmp_path, url) as desk:
            yield desk


async def test_metadata_of_a_message_and_of_a_chat_is_set(desk: Desk) -> None:
    number, message = await desk.say("I am so glad!")
    body = {"message_id": message.message_id, "sentiment": "positive", "tags": ["Follow_Up", "follow_up"]}
    answer = await desk.api.post("/api/conversations/metadata", body)
    assert answer.json == {"success": True, "message_id": message.message_id, "conversation_id": None}
    known = (await desk.operations.metadata.analyses(number))[message.message_id]
    assert (known.sentiment, known.category, known.tags, known.source) == ("positive", None, ("follow_up",), "person")
    chat = await desk.api.post("/api/conversations/metadata", {"chat_id": "123456@c.us", "category": "appointment"})
    assert chat.json == {"success": True, "message_id": None, "conversation_id": number}
    unknown = await desk.api.post("/api/conversations/metadata", {"message_id": 7, "category": "general"})
    assert unknown.status == 404
    nothing = await desk.api.post("/api/conversations/metadata", {"message_id": message.message_id})
    assert (nothing.status, nothing.json["detail"]) == (422, "Say what to set: sentiment, category or tags.")


async def test_a_message_is_analyzed_now(desk: Desk) -> None:
    _, message = await desk.say("Can I have an appointment tomorrow?")
    answer = await desk.api.post(f"/api/conversations/messages/{message.message_id}/analyze")
    assert answer.status == 200
    assert (answer.json["category"], answer.json["source"]) == ("appointment", "offline")


async def test_what_there_is_is_counted(desk: Desk) -> None:
    await desk.say("Hello")
    await desk.say("And again")
    stats = (await desk.api.get("/api/conversations/stats")).json
    assert stats["database_size_mb"] > 0
    counted = {name: stats[name] for name in ("total_chats", "total_messages", "archived_chats", "archived_messages")}
    assert counted == {"total_chats": 1, "total_messages": 4, "archived_chats": 0, "archived_messages": 0}
    assert stats["oldest_message"] == stats["newest_message"] == "2026-03-02T09:00:00Z"


async def test_what_goes_on_is_told(desk: Desk) -> None:
    await desk.say("Hello")
    found = (await desk.api.get("/api/analytics/conversations")).json
    assert (found["sessions_today"], found["messages_today"], found["active_people_today"]) == (1, 2, 1)
    assert (found["time_zone"], found["by_platform"]) == ("Europe/Berlin", {"whatsapp": 1})
    assert found["per_day"][-1] == {"day": "2026-03-02", "sessions": 1, "messages": 2}
    assert found["tokens_today"]["calls"] == 1


async def test_a_persons_history_is_their_sessions_the_newest_first(desk: Desk) -> None:
    ben = PersonRef("ben", "Ben")
    for number in range(3):
        await desk.say("Hello", thread=ThreadRef(Platform.WEB, f"s{number}"))
        desk.api.talk.clock.advance(minutes=1)
    await desk.say("Hello", thread=ThreadRef(Platform.WEB, "other"), person=ben)
    sessions = (await desk.api.get("/api/user/ada/history")).json
    assert [(each["thread_id"], each["user_id"]) for each in sessions] == [("s2", "ada"), ("s1", "ada"), ("s0", "ada")]
    assert (sessions[0]["start_time"], sessions[0]["message_count"]) == ("2026-03-02T09:02:00Z", 2)
    unknown = await desk.api.get("/api/user/nobody/history")
    assert (unknown.status, unknown.headers["Content-Type"]) == (404, "application/problem+json")


async def test_a_history_ends_after_fifty_sessions(desk: Desk) -> None:
    for number in range(51):
        await desk.api.talk.command("new fresh", thread=ThreadRef(Platform.WEB, f"s{number}"))
    assert len((await desk.api.get("/api/user/ada/history")).json) == 50


async def test_each_path_asks_for_its_scope(desk: Desk) -> None:
    keys = {scope: await desk.api.make_key(scope, name=scope.value) for scope in Scope if scope is not Scope.ADMIN}
    asked = {
        ("GET", "/api/conversations/archives"): Scope.READ,
        ("GET", "/api/conversations/sync-status"): Scope.READ,
        ("GET", "/api/conversations/history-status"): Scope.READ,
        ("GET", "/api/conversations/scheduled-tasks"): Scope.READ,
        ("GET", "/api/conversations/tasks"): Scope.READ,
        ("GET", "/api/conversations/tasks/7"): Scope.READ,
        ("GET", "/conversations/7/messages"): Scope.READ,
        ("GET", "/api/conversations/stats"): Scope.READ,
        ("GET", "/api/analytics/conversations"): Scope.READ,
        ("GET", "/api/user/ada/history"): Scope.READ,
        ("GET", "/memories"): Scope.READ,
        ("GET", "/memories/7"): Scope.READ,
        ("POST", "/memories"): Scope.WRITE,
        ("DELETE", "/memories/7"): Scope.WRITE,
        ("POST", "/api/conversations/metadata"): Scope.WRITE,
        ("POST", "/api/conversations/messages/7/analyze"): Scope.WRITE,
        ("POST", "/api/conversations/archive"): Scope.TASKS,
        ("POST", "/api/conversations/unarchive"): Scope.TASKS,
        ("POST", "/api/conversations/sync"): Scope.TASKS,
        ("POST", "/api/conversations/cleanup"): Scope.TASKS,
        ("POST", "/api/conversations/tasks/7/cancel"): Scope.TASKS,
        ("POST", "/api/conversations/scheduled-tasks/auto_sync/trigger"): Scope.TASKS,
        ("POST", "/tasks/trigger-memory-generation"): Scope.TASKS,
    }
    for (method, path), needed in asked.items():
        for scope, key in keys.items():
            answer = await desk.api.call(method, path, {} if method == "POST" else None, key=key)
            assert (answer.status == 403) == (scope is not needed), (method, path, scope)
