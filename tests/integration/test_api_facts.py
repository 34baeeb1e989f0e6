"""What is known of people over HTTP, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.people_table import PeopleTable
from source.adapters.web.routes.facts import FactParts, router
from source.app.echo import Echo
from source.domain.api_key import Scope
from source.domain.memory import MemorySource
from source.domain.turn import TurnRecord
from source.ports.people import PeopleQuery
from tests.fakes.clock import FakeClock
from tests.fakes.databases import KINDS, database_of
from tests.fakes.memory_samples import claim
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.store_samples import ANN, NOW, head, said
from tests.fakes.web_api import WebApi, web_api


@dataclass
class Known:
    """An API over a whole Echo, and what is known there."""

    api: WebApi

    @property
    def echo(self) -> Echo:
        return self.api.talk.echo

    async def facts(self, query: str = "") -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.api.get(f"/api/people/{await self.ann()}/facts{query}")).json[
            "facts"
        ]
        return listed

    async def ann(self) -> int:
        (person,) = await PeopleTable(self.echo.store).people(PeopleQuery(external_id="ann"))
        return person.person_id


@pytest.fixture(params=KINDS)
async def known(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Known]:
    async with FakeOpenAIServer() as server:
        with database_of(request.param, tmp_path) as url:
            async with web_api(tmp_path, server, FakeClock(), _routes, database_url=url) as api:
                yield Known(api)


def _routes(echo: Echo) -> list[APIRouter]:
    facts = echo.facts
    parts = FactParts(PeopleTable(echo.store), facts.service, facts.table, facts.forgetting(echo.rewriting))
    return [router(parts)]


async def told(known: Known, text: str, *, hours: float = 0, summary: str = "") -> int:
    """Have Ann say something that is remembered; return the conversation."""
    store = known.echo.store
    message = said(text, after=hours * 3_600)
    began = replace(head(is_active=False), summary=summary)
    await store.commit_turn(TurnRecord(began.conversation_id, (message,), (began,), (ANN,)))
    data = {"facts": [claim(text, message.message_id)]}
    await MemoryTable(store).put_memory(began.conversation_id, data, source=MemorySource.MODEL)
    return began.conversation_id


async def test_what_is_known_of_a_person_is_listed_with_what_replaced_it(known: Known) -> None:
    before = await told(known, "Ann lives in Lisbon.")
    again = await told(known, "Ann lives in Lisbon.", hours=1)
    after = await told(known, "Ann moved to Porto.", hours=2)
    newest, older = await known.facts()
    assert (newest["text"], newest["conversation_id"], newest["is_current"]) == ("Ann moved to Porto.", after, True)
    assert (older["text"], older["is_current"], older["part"]) == ("Ann lives in Lisbon.", False, "facts")
    assert older["replaced_by"]["id"] == newest["id"]
    assert older["conversation_id"] == again
    assert [each["conversation_id"] for each in older["confirmed_by"]] == [before]
    assert newest["said_at"] == (NOW + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    assert newest["source"] == "model"
    assert len(newest["message_ids"]) == 1
    assert [each["id"] for each in await known.facts("?limit=1&offset=1")] == [older["id"]]


async def test_a_fact_is_forgotten_for_good(known: Known) -> None:
    conversation = await told(known, "Ann lives in Lisbon.", summary="- Fact (2026-03-02): Ann lives in Lisbon.")
    [fact] = await known.facts()
    answer = await known.api.call("DELETE", f"/api/facts/{fact['id']}")
    assert (answer.status, answer.json) == (200, {"facts": 1, "summaries": 1, "summaries_left": 0})
    assert await known.facts() == []
    memory = await MemoryTable(known.echo.store).memory(conversation)
    assert memory is not None
    assert memory.memory_data["facts"] == []
    again = await known.api.call("DELETE", f"/api/facts/{fact['id']}")
    assert again.status == 404
    assert "GET /api/people" in again.json["detail"]


async def test_nobody_is_known_who_is_not_there(known: Known) -> None:
    assert (await known.api.get("/api/people/12345/facts")).status == 404


async def test_forgetting_needs_more_than_reading(known: Known) -> None:
    await told(known, "Ann lives in Lisbon.")
    [fact], person = await known.facts(), await known.ann()
    key = await known.api.make_key(Scope.READ)
    assert (await known.api.get(f"/api/people/{person}/facts", key=key)).status == 200
    assert (await known.api.call("DELETE", f"/api/facts/{fact['id']}", key=key)).status == 403
