"""Operators have people answer, and Echo again, over HTTP."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.receipt_table import ReceiptTable
from source.adapters.web.routes import attendance
from source.app.echo import Echo
from source.domain.api_key import Scope
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.services.audit import AuditLog
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.web_api import WebApi, web_api

CHAT = ThreadRef(Platform.WHATSAPP, "77")
ADA = PersonRef("77", "Ada")
PATH = "/api/conversations/77/attendance"


def _routers(echo: Echo) -> Sequence[APIRouter]:
    parts = attendance.AttendanceParts(ArchiveTable(echo.store), echo.people.attending, echo.taking_over)
    return [attendance.router(parts)]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[WebApi]:
    async with FakeOpenAIServer() as model, web_api(tmp_path, model, FakeClock(), _routers) as served:
        await served.talk.say("Hello", thread=CHAT, person=ADA)
        yield served


async def _written(api: WebApi, text: str) -> int:
    """Write something; return how many answers there have been."""
    talk = api.talk
    await talk.echo.turns.handle(talk.inbound(text, thread=CHAT, person=ADA), talk.channel)
    return len(talk.channel.delivered)


async def test_a_person_answers_from_now_on_and_echo_again_when_that_is_said(api: WebApi) -> None:
    assert (await api.get(PATH)).json["mode"] == "bot"
    answer = await api.call("PUT", PATH, {"mode": "human"})
    assert answer.status == 200
    now = api.talk.clock.now()
    assert answer.json == {
        "chat_id": "whatsapp:77",
        "platform": "whatsapp",
        "mode": "human",
        "until": (now + timedelta(hours=12)).isoformat().replace("+00:00", "Z"),
        "since": now.isoformat().replace("+00:00", "Z"),
        "by": "operator",
    }
    assert (await api.get("/api/conversations/attendance")).json == {"chats": [answer.json]}
    assert await _written(api, "Are you there?") == 1
    assert (await api.call("PUT", PATH, {"mode": "bot"})).json["mode"] == "bot"
    assert (await api.get("/api/conversations/attendance")).json == {"chats": []}
    assert await _written(api, "And now?") == 2


async def test_a_pause_ends_at_its_moment(api: WebApi) -> None:
    until = (api.talk.clock.now() + timedelta(minutes=5)).isoformat()
    assert (await api.call("PUT", PATH, {"mode": "paused", "until": until})).status == 200
    assert await _written(api, "Are you there?") == 1
    api.talk.clock.advance(minutes=5)
    assert (await api.get(PATH)).json["mode"] == "bot"
    assert await _written(api, "And now?") == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"mode": "paused"}, "Until when?"),
        ({"mode": "paused", "until": "2020-01-01T00:00:00Z"}, "still to come"),
        ({"mode": "human", "until": "2020-01-01T00:00:00Z"}, "still to come"),
        ({"mode": "bot", "until": "2099-01-01T00:00:00Z"}, "leave it out"),
        ({"mode": "human", "until": "2099-01-01T00:00:00"}, "until"),
        ({"mode": "away"}, "mode"),
        ({}, "mode"),
        ({"mode": "human", "because": "x"}, "because"),
    ],
)
async def test_what_cannot_be_meant_is_refused(api: WebApi, body: dict[str, str], said: str) -> None:
    answer = await api.call("PUT", PATH, body)
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert said in answer.content.decode()
    assert (await api.get(PATH)).json["mode"] == "bot"


async def test_an_unknown_chat_is_not_found(api: WebApi) -> None:
    for path in ("/api/conversations/78/attendance", "/api/conversations/web:77/attendance"):
        assert (await api.get(path)).status == 404
        assert (await api.call("PUT", path, {"mode": "human"})).status == 404


async def test_only_whoever_may_write_changes_it(api: WebApi) -> None:
    key = await api.make_key(Scope.READ)
    assert (await api.get(PATH, key=key)).status == 200
    assert (await api.call("PUT", PATH, {"mode": "human"}, key=key)).status == 403
    assert (await api.get("/api/conversations/attendance")).status == 401


async def test_the_audit_log_says_that_it_was_changed(api: WebApi) -> None:
    await api.call("PUT", PATH, {"mode": "human"})
    (entry,) = await AuditLog(ReceiptTable(api.talk.echo.store)).entries()
    assert (entry.action, dict(entry.counts)) == ("attendance", {"human": 1})
    assert entry.asked_by.startswith("api")


async def test_who_asked_for_a_person_before_anything_else_can_be_answered_by_echo_again(api: WebApi) -> None:
    await api.talk.command("human", thread=ThreadRef(Platform.WHATSAPP, "78"), person=PersonRef("78", "Ben"))
    (chat,) = (await api.get("/api/conversations/attendance")).json["chats"]
    path = f"/api/conversations/{chat['chat_id']}/attendance"
    assert (await api.get(path)).json == chat
    assert (await api.call("PUT", path, {"mode": "bot"})).json["mode"] == "bot"
    assert (await api.get("/api/conversations/attendance")).json == {"chats": []}
