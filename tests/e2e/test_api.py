"""The calls that the API promises, against the program as an operator starts it, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.api_server import ApiServer, api_server
from tests.fakes.databases import KINDS, database_of


@pytest.fixture(params=KINDS)
def echo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ApiServer]:
    folder = tmp_path / "conversations"
    folder.mkdir()
    with database_of(request.param, folder) as url, api_server(folder, database_url=url) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.mark.timeout(120)
def test_every_call_of_the_seed_documents(echo: ApiServer) -> None:
    first = echo.say("My dog is called Rex, and I want an appointment on Friday. Is that possible?")
    echo.say("Great, thank you!")
    conversation_id = first["conversation_id"]

    _reads(echo, conversation_id)
    _archives(echo, conversation_id)
    _works(echo)
    _analyzes(echo, conversation_id)
    _marks(echo, conversation_id)
    _describes(echo)
    _remembers(echo, conversation_id)
    _counts(echo, conversation_id)
    assert echo.stop() == 143


def _reads(echo: ApiServer, conversation_id: int) -> None:
    health = echo.get_until("/health", lambda found: found["status"] == "ok")
    assert [health["parts"][part]["status"] for part in ("tasks", "archives")] == ["ok", "ok"]

    messages = echo.get(f"/conversations/{conversation_id}/messages")
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2
    assert messages[0]["content"].startswith("My dog is called Rex")
    assert {"id", "role", "content", "created_at"} <= messages[0].keys()

    stats = echo.get("/api/conversations/stats")
    assert (stats["total_chats"], stats["total_messages"], stats["archived_chats"]) == (1, 4, 0)
    assert {"archived_messages", "database_size_mb", "oldest_message", "newest_message"} <= stats.keys()


def _archives(echo: ApiServer, conversation_id: int) -> None:
    begun = echo.post("/api/conversations/archive", {"chat_ids": ["s1"], "reason": "Completed", "compress": True})
    assert begun["success"] is True
    done = echo.finished(begun["task_id"])
    assert done["status"] == "completed", done
    archives = echo.get("/api/conversations/archives?limit=10&offset=0")
    assert archives["total"] == 1
    assert archives["archives"][0]["conversation_id"] == conversation_id
    echo.get_until("/api/conversations/stats", lambda stats: stats["archived_chats"] == 1)

    back = echo.post("/api/conversations/unarchive", {"chat_id": "s1"})
    assert echo.finished(back["task_id"])["status"] == "completed"
    assert echo.get("/api/conversations/archives")["total"] == 0

    assert echo.call("POST", "/api/conversations/archive", {"chat_ids": ["nobody"]}).status == 404
    assert echo.call("POST", "/api/conversations/archive", {"chat_ids": "s1"}).status == 422


def _works(echo: ApiServer) -> None:
    jobs = echo.get("/api/conversations/scheduled-tasks")
    assert jobs["success"] is jobs["scheduler_running"] is True
    known = {job["id"]: job for job in jobs["jobs"]}
    assert {"auto_archive", "auto_sync", "database_cleanup", "metadata_update"} <= known.keys()
    assert all(job["next_run"] for job in known.values())
    for job in known:
        begun = echo.post(f"/api/conversations/scheduled-tasks/{job}/trigger")
        assert echo.finished(begun["task_id"])["status"] == "completed", job
    assert echo.call("POST", "/api/conversations/scheduled-tasks/nothing/trigger", {}).status == 404

    synced = echo.post("/api/conversations/sync", {"chat_ids": None, "full": False})
    assert echo.finished(synced["task_id"])["status"] == "completed"
    (state,) = echo.get("/api/conversations/sync-status")
    assert {"chat_id", "last_synced_at", "status"} <= state.keys()
    assert state["chat_id"] == "s1"

    cleaning = {"archive_retention_days": 365, "optimize_tables": True, "compress_after_days": 30}
    cleaned = echo.finished(echo.post("/api/conversations/cleanup", cleaning)["task_id"])
    assert cleaned["status"] == "completed", cleaned
    assert cleaned["output_data"]


def _analyzes(echo: ApiServer, conversation_id: int) -> None:
    message_id = echo.get(f"/conversations/{conversation_id}/messages")[2]["id"]
    analysis = echo.post(f"/api/conversations/messages/{message_id}/analyze")
    assert analysis["source"] == "offline"
    assert {"sentiment", "category", "tags"} <= analysis.keys()
    set_by_hand = {"sentiment": "negative", "category": "complaint", "tags": ["urgent"]}
    echo.post("/api/conversations/metadata", {"message_id": message_id, **set_by_hand})
    echo.post("/api/conversations/metadata", {"chat_id": "s1", "category": "appointment"})
    assert echo.call("POST", "/api/conversations/metadata", {"chat_id": "s1", "sentiment": "sad"}).status == 422


def _describes(echo: ApiServer) -> None:
    page = echo.call("GET", "/docs")
    assert page.status == 200
    for operation in ("say", "archiveChats", "triggerMemoryGeneration", "getTask"):
        assert f"id='{operation}'".encode() in page.body


def _marks(echo: ApiServer, conversation_id: int) -> None:
    begun = echo.post("/api/conversations/status", {"conversation_ids": [conversation_id], "is_read": True})
    assert echo.finished(begun["task_id"])["output_data"] == {"updated": 2}
    assert echo.call("POST", "/api/conversations/status", {"is_read": True}).status == 422


def _remembers(echo: ApiServer, conversation_id: int) -> None:
    triggered = echo.post("/tasks/trigger-memory-generation")
    assert triggered["conversation_ids"] == []  # nobody has been quiet for so long yet
    memory = {"summary": "Ada's dog is called Rex.", "topics": ["dog"]}
    kept = echo.post("/memories", {"conversation_id": conversation_id, "memory_data": memory})
    assert kept["conversation_id"] == conversation_id
    assert kept["memory_data"]["summary"]["text"] == "Ada's dog is called Rex."
    again = echo.post(
        "/memories", {"conversation_id": conversation_id, "memory_data": {**memory, "summary": "Rex is Ada's dog."}}
    )
    assert again["id"] == kept["id"]
    assert {"created_at", "updated_at"} <= again.keys()


def _counts(echo: ApiServer, conversation_id: int) -> None:
    assert echo.get("/api/analytics/conversations")["sessions_today"] == 1
    history = echo.get("/api/user/ada/history")
    assert [session["session_id"] for session in history] == [str(conversation_id)]
