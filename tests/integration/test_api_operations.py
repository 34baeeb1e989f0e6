"""Tasks, archives, syncs and clean-up over HTTP, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.adapters.storage.history_table import HistoryTable
from source.domain.conversation_head import ConversationState
from source.domain.task import NewTask, TaskType
from source.domain.thread import Platform, ThreadRef
from source.ports.archives import Archive
from source.ports.history import HistoryNews, PastMessage
from source.ports.metadata import SyncState, SyncStatus
from tests.fakes.databases import KINDS, database_of
from tests.fakes.operations_api import CHAT, Desk, a_desk

PROBLEM = "application/problem+json"
UNKNOWN: list[tuple[str, dict[str, object]]] = [
    ("archive", {"chat_ids": ["123456@c.us", "nobody"]}),
    ("archive", {"chat_ids": ["web:123456@c.us"]}),
    ("unarchive", {"chat_id": "nobody"}),
    ("sync", {"chat_ids": ["nobody"]}),
    ("metadata", {"chat_id": "nobody", "sentiment": "positive"}),
]
MALFORMED: list[tuple[str, dict[str, object]]] = [
    ("archive", {}),
    ("archive", {"chat_ids": []}),
    ("archive", {"chat_ids": [""]}),
    ("archive", {"chat_ids": ["a\u0000b"]}),
    ("archive", {"chat_ids": [f"{number}" for number in range(1_001)]}),
    ("archive", {"chat_ids": ["a"], "compress": "yes"}),
    ("archive", {"chat_ids": ["a"], "reason": "x" * 1_001}),
    ("archive", {"chat_ids": ["a"], "because": "x"}),
    ("unarchive", {"chat_id": 5}),
    ("sync", {"full": 1}),
    ("cleanup", {"archive_retention_days": -1}),
    ("cleanup", {"compress_after_days": 36_501}),
    ("cleanup", {"optimize_tables": "true"}),
    ("metadata", {"sentiment": "positive"}),
    ("metadata", {"message_id": 1, "chat_id": "a", "sentiment": "positive"}),
    ("metadata", {"message_id": 1, "sentiment": "happy"}),
    ("metadata", {"message_id": 1, "tags": ["x" * 41]}),
    ("metadata", {"message_id": 1, "tags": ["x"] * 21}),
    ("metadata", {"message_id": 2**53, "sentiment": "positive"}),
]


@pytest.fixture(params=KINDS)
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    with database_of(request.param, tmp_path) as url:
        async with a_desk(tmp_path, url) as desk:
            yield desk


@pytest.mark.parametrize("wish", ["cleanup", "sync"])
async def test_what_may_be_left_out_as_a_whole_needs_no_body(desk: Desk, wish: str) -> None:
    for headers in ({}, {"Content-Type": "application/json"}):
        answer = await desk.api.post(f"/api/conversations/{wish}", content=b"", headers=headers)
        assert answer.status == 202, answer.content


async def test_chats_are_archived_by_a_task(desk: Desk) -> None:
    await desk.say("Hello")
    body = {"chat_ids": ["123456@c.us", "whatsapp:123456@c.us"], "reason": "Completed", "compress": True}
    answer = await desk.api.post("/api/conversations/archive", body)
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/conversations/tasks/{answer.json['task_id']}"
    assert await desk.task(answer.json) == {
        "items": 0,
        "type": "ARCHIVE_CONVERSATIONS",
        "by": "api:local",
        "chat_ids": ["whatsapp:123456@c.us"],
        "reason": "Completed",
        "compress": True,
    }
    plain = await desk.api.post("/api/conversations/archive", {"chat_ids": ["123456@c.us"]})
    assert "compress" not in await desk.task(plain.json)


async def test_a_chat_is_brought_back_by_a_task(desk: Desk) -> None:
    await desk.say("Hello")
    answer = await desk.api.post("/api/conversations/unarchive", {"chat_id": "123456@c.us"})
    assert answer.status == 202
    task = await desk.task(answer.json)
    assert (task["type"], task["chat_id"]) == ("UNARCHIVE_CONVERSATION", "whatsapp:123456@c.us")


async def test_a_chat_that_nobody_knows_is_not_found(desk: Desk) -> None:
    await desk.say("Hello")
    for path, body in UNKNOWN:
        answer = await desk.api.post(f"/api/conversations/{path}", body)
        assert (answer.status, answer.headers["Content-Type"]) == (404, PROBLEM)
        assert "There is no chat" in answer.json["detail"]
    assert await desk.operations.queue.listed() == []


async def test_a_chat_of_two_platforms_has_to_be_named_in_full(desk: Desk) -> None:
    await desk.say("Hello")
    await desk.say("Hello", thread=ThreadRef(Platform.WEB, "123456@c.us"))
    for path, body in (
        ("archive", {"chat_ids": ["123456@c.us"]}),
        ("metadata", {"chat_id": "123456@c.us", "category": "inquiry"}),
    ):
        answer = await desk.api.post(f"/api/conversations/{path}", body)
        assert answer.status == 422
        assert "write web:123456@c.us or whatsapp:123456@c.us" in answer.json["detail"]
    named = await desk.api.post("/api/conversations/archive", {"chat_ids": ["web:123456@c.us"]})
    assert (await desk.task(named.json))["chat_ids"] == ["web:123456@c.us"]


async def test_a_malformed_body_is_refused(desk: Desk) -> None:
    for path, body in MALFORMED:
        answer = await desk.api.post(f"/api/conversations/{path}", body)
        assert (answer.status, answer.headers["Content-Type"]) == (422, PROBLEM), (path, body)
        assert answer.json["errors"]


async def test_archives_are_listed_with_their_number(desk: Desk) -> None:
    number, _ = await desk.say("Hello")
    assert (await desk.api.get("/api/conversations/archives")).json == {"archives": [], "total": 0}
    await archived(desk, number)
    listed = (await desk.api.get("/api/conversations/archives?limit=1&offset=0")).json
    assert listed["total"] == 1
    assert listed["archives"][0]["conversation_id"] == number
    assert listed["archives"][0]["chat_id"] == "123456@c.us"
    assert listed["archives"][0]["stored_bytes"] == 40
    assert (await desk.api.get("/api/conversations/archives?offset=1")).json == {"archives": [], "total": 1}
    assert (await desk.api.get("/api/conversations/archives?limit=501")).status == 422


async def archived(desk: Desk, number: int) -> None:
    """Note an archive as the archiving does."""
    await desk.api.talk.command("archive", thread=CHAT)
    stored = await desk.api.talk.echo.store.load(number)
    assert stored is not None
    assert stored.head.state is ConversationState.ARCHIVED
    now = desk.api.talk.clock.now()
    archive = Archive(number, "a.json.zst", True, "0" * 64, 100, 40, 2, "Completed", "api:local", now)
    await desk.operations.archives.put_archive(archive, seen=stored)


async def test_syncing_is_a_task_and_its_state_is_listed(desk: Desk) -> None:
    await desk.say("Hello")
    everything = await desk.api.post("/api/conversations/sync", {"chat_ids": None, "full": True})
    assert (everything.status, await desk.task(everything.json)) == (
        202,
        {"items": 0, "type": "SYNC_MESSAGES", "by": "api:local", "chat_ids": None, "full": True},
    )
    some = await desk.api.post("/api/conversations/sync", {"chat_ids": ["123456@c.us"]})
    assert (await desk.task(some.json))["chat_ids"] == ["whatsapp:123456@c.us"]
    (state,) = (await desk.api.get("/api/conversations/sync-status")).json
    assert (state["chat_id"], state["status"], state["last_synced_at"]) == ("123456@c.us", "never", None)
    now = desk.api.talk.clock.now()
    await desk.operations.states.note_synced(SyncState(CHAT, SyncStatus.OK, now, None, 3))
    (state,) = (await desk.api.get("/api/conversations/sync-status")).json
    assert (state["status"], state["last_synced_at"], state["messages_found"]) == ("ok", "2026-03-02T09:00:00Z", 3)


async def test_how_much_of_the_past_a_platform_has_told_is_listed(desk: Desk) -> None:
    assert (await desk.api.get("/api/conversations/history-status")).json == []
    await desk.say("Hello", thread=ThreadRef(Platform.WHATSAPP, "4711"))
    table = HistoryTable(desk.operations.echo.store)
    await table.note_news(Platform.WHATSAPP, HistoryNews(progress=55))
    await table.put_past(Platform.WHATSAPP, 4711, [PastMessage("1", desk.api.talk.clock.now(), "Hello")])
    (told,) = (await desk.api.get("/api/conversations/history-status")).json
    assert (told["platform"], told["progress"], told["messages_waiting"], told["error"]) == ("whatsapp", 55, 1, None)
    (state,) = (await desk.api.get("/api/conversations/sync-status")).json
    assert (state["chat_id"], state["status"], state["messages_waiting"]) == ("4711", "running", 1)
    await table.note_news(Platform.WHATSAPP, HistoryNews(error="It is not shared."))
    (told,) = (await desk.api.get("/api/conversations/history-status")).json
    assert (told["progress"], told["error"]) == (55, "It is not shared.")


async def test_cleaning_up_is_a_task_with_what_was_given(desk: Desk) -> None:
    body = {"archive_retention_days": 365, "optimize_tables": True, "compress_after_days": 30}
    answer = await desk.api.post("/api/conversations/cleanup", body)
    assert (answer.status, await desk.task(answer.json)) == (
        202,
        {"items": 0, "type": "CLEANUP_DATABASE", "by": "api:local", **body},
    )
    as_set = await desk.api.post("/api/conversations/cleanup", {})
    assert "optimize_tables" not in await desk.task(as_set.json)


async def test_a_task_shows_how_far_it_is_and_what_came_of_it(desk: Desk) -> None:
    task = await desk.operations.queue.submit(NewTask(TaskType.SYNC_MESSAGES, {"items": 2}, "api:me"))
    path = f"/api/conversations/tasks/{task.task_id}"
    pending = (await desk.api.get(path)).json
    assert pending == {
        "id": task.task_id,
        "type": "SYNC_MESSAGES",
        "status": "pending",
        "progress": {"done": 0, "total": None},
        "attempts": 0,
        "error": None,
        "output_data": None,
        "requested_by": "api:me",
        "schedule_id": None,
        "cancel_requested": False,
        "created_at": "2026-03-02T09:00:00Z",
        "started_at": None,
        "finished_at": None,
    }
    await desk.operations.queue.run_waiting()
    ended = (await desk.api.get(path)).json
    assert (ended["status"], ended["progress"], ended["attempts"]) == ("completed", {"done": 2, "total": 2}, 1)
    assert ended["output_data"] == {"results": [{"item": 0}, {"item": 1}]}
    assert ended["finished_at"] == "2026-03-02T09:00:00Z"


async def test_tasks_are_listed_by_state_and_type(desk: Desk) -> None:
    for task_type in (TaskType.SYNC_MESSAGES, TaskType.CLEANUP_DATABASE):
        await desk.operations.queue.submit(NewTask(task_type))
    await desk.operations.queue.run_waiting()
    await desk.operations.queue.submit(NewTask(TaskType.SYNC_MESSAGES))

    async def types(query: str) -> list[str]:
        return [task["type"] for task in (await desk.api.get(f"/api/conversations/tasks{query}")).json["tasks"]]

    assert await types("") == ["SYNC_MESSAGES", "CLEANUP_DATABASE", "SYNC_MESSAGES"]
    assert await types("?status=pending") == ["SYNC_MESSAGES"]
    assert await types("?type=CLEANUP_DATABASE") == ["CLEANUP_DATABASE"]
    assert await types("?limit=1&offset=1") == ["CLEANUP_DATABASE"]
    assert (await desk.api.get("/api/conversations/tasks?status=lost")).status == 422


async def test_a_task_is_cancelled_and_an_unknown_one_not_found(desk: Desk) -> None:
    task = await desk.operations.queue.submit(NewTask(TaskType.SYNC_MESSAGES))
    answer = await desk.api.post(f"/api/conversations/tasks/{task.task_id}/cancel")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    for method, path in (("GET", "tasks/7"), ("POST", "tasks/7/cancel"), ("POST", "messages/7/analyze")):
        unknown = await desk.api.call(method, f"/api/conversations/{path}")
        assert (unknown.status, unknown.headers["Content-Type"]) == (404, PROBLEM)
    assert (await desk.api.get("/api/conversations/tasks/0")).status == 422
    assert (await desk.api.get("/api/conversations/tasks/x")).status == 404


async def test_the_schedule_is_listed_and_triggered_by_hand(desk: Desk) -> None:
    listed = (await desk.api.get("/api/conversations/scheduled-tasks")).json
    assert (listed["success"], listed["scheduler_running"]) == (True, False)
    assert [(job["id"], job["name"], job["next_run"], job["last_task"]) for job in listed["jobs"]] == [
        ("auto_archive", "Archive old conversations", "2026-03-03T00:00:00Z", None),
        ("auto_sync", "Sync", None, None),
    ]
    answer = await desk.api.post("/api/conversations/scheduled-tasks/auto_archive/trigger")
    assert (answer.status, (await desk.task(answer.json))["type"]) == (202, "ARCHIVE_CONVERSATIONS")
    job = (await desk.api.get("/api/conversations/scheduled-tasks")).json["jobs"][0]
    assert (job["last_task"]["id"], job["last_task"]["requested_by"]) == (answer.json["task_id"], "api:local")
    unknown = await desk.api.post("/api/conversations/scheduled-tasks/auto_dance/trigger")
    assert (unknown.status, "auto_archive, auto_sync" in unknown.json["detail"]) == (404, True)


async def test_a_task_is_one_even_when_the_answer_to_it_was_lost(desk: Desk) -> None:
    once = {"Idempotency-Key": "once"}
    first = await desk.api.post("/api/conversations/cleanup", {}, headers=once)
    await desk.forget_answers()
    again = await desk.api.post("/api/conversations/cleanup", {}, headers=once)
    assert "Idempotency-Replayed" not in again.headers
    assert again.json == first.json
    await desk.forget_answers()
    other = await desk.api.post("/api/conversations/cleanup", {"compress_after_days": 3}, headers=once)
    assert other.json != first.json


@pytest.mark.parametrize(
    "path", ["/api/conversations/scheduled-tasks/auto_archive/trigger", "/tasks/trigger-memory-generation"]
)
async def test_what_is_triggered_twice_under_one_key_is_one_task(desk: Desk, path: str) -> None:
    desk.operations.triggered.append(11)
    once = {"Idempotency-Key": "once"}
    first = await desk.api.post(path, headers=once)
    await desk.forget_answers()
    assert (await desk.api.post(path, headers=once)).json == first.json
    other = await desk.api.post(path, headers={"Idempotency-Key": "twice"})
    assert other.json["task_id"] != first.json["task_id"]
