"""What is counted of people, over the API, as a task and by a rebuild."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import APIRouter

from source.adapters.storage.interaction_table import InteractionTable
from source.adapters.web.routes import interactions
from source.app.composition import rebuild
from source.app.echo import Echo
from source.app.records import Records
from source.domain.task import Lane, TaskType
from source.services.interactions import RecountInteractions
from tests.fakes.clock import FakeClock
from tests.fakes.databases import KINDS, database_of, rows
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import database_rows, running_echo, settings_for
from tests.fakes.task_queue import FakeTaskQueue
from tests.fakes.web_api import WebApi, web_api

SPOIL = "UPDATE interactions SET messages = 77"


@pytest.fixture(params=KINDS)
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[WebApi, str]]:
    """A running Echo whose tasks are done at once, and the URL of its database."""

    def routers(echo: Echo) -> list[APIRouter]:
        handler = RecountInteractions(InteractionTable(echo.store))
        queue = FakeTaskQueue({TaskType.RECOUNT_INTERACTIONS: handler}, echo.clock)
        return [interactions.router(queue), *Records(echo).routes()]

    with database_of(request.param, tmp_path) as url:
        async with FakeOpenAIServer() as server, web_api(tmp_path, server, FakeClock(), routers, database_url=url) as a:
            yield a, url


async def test_people_are_listed_with_what_is_counted_of_them(api: tuple[WebApi, str]) -> None:
    web, _ = api
    await web.talk.say("Hello")
    await web.talk.say("And again")
    [person] = (await web.get("/api/people")).json["people"]
    assert (person["conversation_count"], person["message_count"]) == (1, 2)
    assert person["first_message_at"] == person["last_message_at"]
    assert (person["intents"], person["languages"]) == ({}, {})
    assert (await web.get(f"/api/people/{person['id']}")).json == person


async def test_what_is_wrong_is_counted_anew_by_a_task(api: tuple[WebApi, str]) -> None:
    web, url = api
    await web.talk.say("Hello")
    rows(url, SPOIL)
    answer = await web.post("/api/people/interactions/rebuild", {})
    assert (answer.status, answer.json["success"]) == (202, True)
    assert rows(url, "SELECT messages FROM interactions") == [(1,)]


async def test_a_count_says_what_it_put_right_piece_by_piece(tmp_path: Path) -> None:
    async with FakeOpenAIServer() as server, running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        await talk.command("new")
        await talk.say("Hello again")
        rows(f"sqlite:///{tmp_path / 'echo.db'}", SPOIL)
        handler = RecountInteractions(InteractionTable(talk.echo.store))
        assert handler.lane is Lane.ANYWHERE
        pieces = await handler.plan(handler.checked({}))
        report = handler.report([*[await handler.perform(piece) for piece in pieces], {"error": "Gone."}])
    assert report == {"checked": 2, "corrected": 2, "not_done": ["Gone."]}


@pytest.mark.parametrize("source", ["transcripts", "store"])
async def test_a_rebuild_puts_right_what_is_counted(tmp_path: Path, source: str) -> None:
    async with FakeOpenAIServer() as server, running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
    rows(f"sqlite:///{tmp_path / 'echo.db'}", SPOIL)
    report = await rebuild(settings_for(tmp_path), source, lambda _done, _total: None)  # type: ignore[arg-type]
    assert report.recounted == 1
    assert database_rows(tmp_path, "SELECT messages FROM interactions") == [(1,)]
