"""Operators and programs forget people, hand over what is kept, and decide how long that is, over HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter

from source.adapters.web.routes import privacy
from source.app.api_routes import privacy_parts
from source.app.echo import Echo
from source.domain.api_key import Scope
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.web_api import WebApi, web_api


@pytest.fixture(params=["sqlite", "postgresql"])
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WebApi]:
    def routes(echo: Echo) -> list[APIRouter]:
        return [privacy.router(privacy_parts(echo, echo.privacy.queue()))]

    with database_of(request.param, tmp_path) as url:
        async with (
            FakeOpenAIServer() as server,
            web_api(tmp_path / "data", server, FakeClock(), routes, database_url=url) as running,
        ):
            yield running


async def _person(api: WebApi) -> int:
    await api.talk.say("Hello zzapi1")
    who = await api.talk.echo.privacy.reading.known_as((await api.talk.conversation()).head.thread.platform, "ada")
    assert who is not None
    return who.person_id


async def _done(api: WebApi, receipt_id: int) -> dict[str, object]:
    desk = api.talk.echo.privacy.desk
    await desk.done_within(await desk.receipt(receipt_id), timedelta(seconds=20))
    found: dict[str, object] = (await api.get(f"/api/privacy/receipts/{receipt_id}")).json
    return found


async def test_a_person_is_handed_over_and_forgotten(api: WebApi) -> None:
    person = await _person(api)
    data = await api.get(f"/api/people/{person}/data")
    taken = await api.call("DELETE", f"/api/people/{person}")
    receipt = await _done(api, taken.json["receipt_id"])
    gone = await api.call("DELETE", f"/api/people/{person}")
    audit = (await api.get("/api/audit")).json

    assert data.headers["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert "zzapi1" in data.content.decode()
    assert taken.status == 202
    assert taken.headers["Location"] == f"/api/privacy/receipts/{taken.json['receipt_id']}"
    assert (receipt["state"], receipt["requested_by"], receipt["task_id"]) == ("done", "api", taken.json["task_id"])
    assert receipt["counts"]["messages"] == 1  # type: ignore[index]  # JSON
    assert gone.status == 404
    assert [(each["action"], each["asked_by"]) for each in audit["entries"]] == [("forget", "api"), ("my_data", "api")]
    assert audit["next"] is None


async def test_the_audit_log_is_read_page_by_page(api: WebApi) -> None:
    for number in range(3):
        await api.talk.echo.privacy.audit.note(f"action-{number}", "cli", {"messages": number})
    first = (await api.get("/api/audit?limit=2")).json
    second = (await api.get(f"/api/audit?limit=2&before={first['next']}")).json
    assert [each["action"] for each in (*first["entries"], *second["entries"])] == ["action-2", "action-1", "action-0"]
    assert second["next"] is None


async def test_a_receipt_that_there_is_not_is_not_found(api: WebApi) -> None:
    assert (await api.get("/api/privacy/receipts/5")).status == 404


async def test_rules_are_kept_replaced_and_removed(api: WebApi) -> None:
    path = "/api/privacy/retention/rules"
    first = (await api.call("PUT", path, {"platform": "discord", "guild_id": "g", "message_days": 30})).json
    again = (await api.call("PUT", path, {"platform": "discord", "guild_id": "g", "message_days": 10})).json
    shown = (await api.get("/api/privacy/retention")).json
    nowhere = await api.call("PUT", path, {"message_days": 10})
    nothing = await api.call("PUT", path, {"platform": "discord"})
    removed = await api.call("DELETE", f"{path}/{again['id']}")
    missing = await api.call("DELETE", f"{path}/{first['id']}")

    assert (shown["message_days"], shown["summary_days"], shown["is_enabled"]) == (90, 730, False)
    assert [(rule["id"], rule["message_days"]) for rule in shown["rules"]] == [(again["id"], 10)]
    assert nowhere.json["detail"].startswith("Whose?")
    assert nothing.json["detail"].startswith("How long?")
    assert (removed.status, missing.status) == (204, 404)


async def test_a_run_is_a_task(api: WebApi) -> None:
    await api.talk.say("Long ago")
    api.talk.clock.advance(hours=24 * 100)
    taken = await api.post("/api/privacy/retention/run", {"dry_run": True})
    assert taken.status == 202
    assert len(await api.talk.conversations()) == 1


async def test_each_path_asks_for_its_scope(api: WebApi) -> None:
    made = await api.keys.create("reader", [Scope.READ])
    headers = {"Authorization": f"Bearer {made.secret}"}
    assert (await api.call("GET", "/api/audit", headers=headers)).status == 200
    assert (await api.call("DELETE", "/api/people/5", headers=headers)).status == 403
    assert (await api.call("POST", "/api/privacy/retention/run", {}, headers=headers)).status == 403
