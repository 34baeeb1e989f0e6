"""What operators look at: health, figures, keys, the description, over a real port."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import Field
from starlette.routing import Route

from source.adapters.storage.activity_table import ActivityTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.web.app import create_app
from source.adapters.web.docs_page import page_of
from source.adapters.web.metrics import WebMetrics
from source.adapters.web.openapi import describe
from source.adapters.web.pages import Body
from source.adapters.web.routes import description
from source.domain.api_key import Scope
from source.domain.errors import ArchiveUnavailableError, ModelUnavailableError, StoreUnavailableError
from source.domain.turn import TurnRecord
from source.ports.health import PartHealth, PartStatus
from source.ports.llm import Prompt
from source.services.health import WatchedModel, archive_part, store_part
from source.services.manager_metrics import ManagerMetrics
from source.services.readings import ActivityReadings, ManagerReadings
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.language_model import ScriptedModel
from tests.fakes.store_samples import call, head, said
from tests.fakes.web_api import ServedApi, frame_on, served

BOARD = Path(__file__).parents[2] / "docs" / "grafana" / "echo.json"


class Tree(Body):
    """A body that has itself as a part, as filters do."""

    name: str = Field(examples=["oak"])
    branches: "list[Tree]" = Field(default_factory=list)


class Parts:
    """Parts of an Echo that can fail."""

    def __init__(self, store: SqlStore) -> None:
        self.store_error: Exception | None = None
        self.channel = PartHealth(PartStatus.OK, "It is connected.")
        self._store = store

    async def read(self) -> int:
        if self.store_error is not None:
            raise self.store_error
        return await self._store.count()

    async def look_at_channel(self) -> PartHealth:
        return self.channel


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def store(database: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(database, clock=FakeClock(), durability="normal")
    yield store
    await store.close()


@pytest.fixture
def parts(store: SqlStore) -> Parts:
    return Parts(store)


@pytest.fixture
async def api(store: SqlStore, parts: Parts, tmp_path: Path) -> AsyncIterator[ServedApi]:
    manager = ManagerReadings(lambda: ManagerMetrics(3, 1, 2_800, 0, 5, 2, 7, 0))
    frame = frame_on(
        store,
        FakeClock(),
        health={"store": store_part(parts.read), "discord": parts.look_at_channel},
        metrics=WebMetrics([ActivityReadings(ActivityTable(store)), manager]),
    )
    async with served(frame, list, tmp_path) as api:
        yield api


async def test_an_echo_that_is_well_says_so_part_by_part(api: ServedApi) -> None:
    head, answered = await api.call("HEAD", "/health"), await api.get("/health")
    assert (head.status, head.content) == (200, b"")
    assert (answered.status, answered.json) == (
        200,
        {
            "status": "ok",
            "parts": {
                "store": {"status": "ok", "sentence": "It can be read."},
                "discord": {"status": "ok", "sentence": "It is connected."},
            },
        },
    )


async def test_a_part_that_fails_degrades_and_a_lost_store_is_an_outage(api: ServedApi, parts: Parts) -> None:
    parts.channel = PartHealth(PartStatus.DOWN, "It cannot be reached.")
    degraded = await api.get("/health")
    assert (degraded.status, degraded.json["status"]) == (200, "degraded")
    parts.channel = PartHealth(PartStatus.OFF, "It is not configured.")
    assert (await api.get("/health")).json["status"] == "ok"
    parts.store_error = StoreUnavailableError("postgresql://echo:secret@db is away")
    lost = await api.get("/health")
    assert (await api.call("HEAD", "/health")).status == 503
    assert (lost.status, lost.json["status"], lost.json["parts"]["store"]["status"]) == (503, "down", "down")
    assert b"secret" not in lost.content


async def test_strangers_learn_whether_echo_is_well_and_no_more(api: ServedApi) -> None:
    await api.make_key()
    assert (await api.get("/health")).json == {"status": "ok"}
    assert (await api.get("/health", key="wrong")).status == 401


async def test_an_archive_storage_is_as_well_as_it_answered_in_the_last_minute() -> None:
    clock, asked = FakeClock(), 0
    away: list[Exception] = [ArchiveUnavailableError("s3://secret is away")]

    async def check() -> None:
        nonlocal asked
        await asyncio.sleep(0)
        asked += 1
        if away:
            raise away.pop()

    part = archive_part(check, clock)
    lost = [await part(), await part()]
    clock.advance(minutes=1)
    assert [each.status for each in (*lost, await part())] == ["degraded", "degraded", "ok"]
    assert "secret" not in lost[0].sentence
    assert asked == 2


async def test_a_storage_that_hangs_is_not_waited_for_at_every_look() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    part = archive_part(hang, FakeClock())
    looking = asyncio.ensure_future(part())
    await asyncio.sleep(0)
    assert (await part()).status is PartStatus.DEGRADED
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_a_model_is_as_well_as_its_last_call() -> None:
    model = WatchedModel(ScriptedModel("Hello", ModelUnavailableError("secret"), "Hello"), FakeClock())
    statuses = [await model.health()]
    for _ in range(3):
        try:
            async for _ in model.stream(Prompt(())):
                pass
        except ModelUnavailableError:
            pass
        statuses.append(await model.health())
    assert [each.status for each in statuses] == ["ok", "ok", "degraded", "ok"]
    assert "secret" not in statuses[2].sentence


async def test_figures_are_counted_by_route(api: ServedApi) -> None:
    await api.get("/health")
    await api.get("/nowhere/else")
    await api.get("/openapi.json", key="wrong")
    figures = (await api.get("/metrics")).content.decode()
    assert 'echo_http_requests_total{method="GET",route="/health",status="200"} 1.0' in figures
    assert 'echo_http_requests_total{method="GET",route="unknown",status="404"} 1.0' in figures
    assert 'echo_http_requests_total{method="GET",route="/openapi.json",status="401"} 1.0' in figures
    assert 'echo_http_request_seconds_count{method="GET",route="/health"} 1.0' in figures
    assert "echo_conversations_in_memory 3.0" in figures
    assert 'echo_tasks{status="pending"} 0.0' in figures
    assert "process_resident_memory_bytes" in figures


async def test_figures_are_for_keys_that_may_see_them(api: ServedApi) -> None:
    reader, monitor = await api.make_key(Scope.READ, name="a"), await api.make_key(Scope.METRICS, name="b")
    assert [(await api.get("/metrics", key=key)).status for key in (reader, monitor)] == [403, 200]


async def test_every_figure_on_the_board_exists(api: ServedApi, store: SqlStore) -> None:
    board = json.loads(BOARD.read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    wanted = {name for query in queries for name in re.findall(r"\b(?:echo|process)_[a-z_]+", query)}
    conversation = head()
    messages = (said(), said(by=None))
    await store.commit_turn(
        TurnRecord(conversation.conversation_id, messages, (conversation,), usage=(call(10, cost=1),))
    )
    await api.get("/health")
    known = set(re.findall(r"^(\w+)", (await api.get("/metrics")).content.decode(), re.MULTILINE))
    assert len(wanted) > 10
    assert wanted - known == set()


async def test_keys_are_made_listed_and_revoked_over_the_api(api: ServedApi) -> None:
    body = {"name": "dashboard", "scopes": ["read", "chat"], "expires_in_days": 90}
    made = await api.post("/api/keys", body)
    assert (made.status, made.json["scopes"]) == (201, ["chat", "read"])
    assert made.json["expires_at"] == "2026-05-31T09:00:00Z"
    secret, local = made.json["secret"], api.local_token.secret
    assert (await api.get("/api/keys", key=secret)).status == 403
    listed = await api.get("/api/keys", key=local)
    assert [key["name"] for key in listed.json["keys"]] == ["dashboard"]
    assert secret not in listed.content.decode()
    assert (await api.post("/api/keys", body, key=local)).status == 409
    revoked = await api.call("DELETE", "/api/keys/dashboard", key=local)
    assert revoked.json["revoked_at"] is not None
    assert (await api.get("/api/keys", key=secret)).status == 401
    assert (await api.call("DELETE", "/api/keys/another", key=local)).status == 404


async def test_the_secret_of_a_key_is_not_kept_for_repeats(api: ServedApi, store: SqlStore) -> None:
    headers = {"Idempotency-Key": "once"}
    body = {"name": "dashboard", "scopes": ["read"]}
    assert (await api.post("/api/keys", body, headers=headers)).status == 201
    repeated = await api.post("/api/keys", body, headers=headers, key=api.local_token.secret)
    assert repeated.status == 409


async def test_the_description_is_complete_and_the_page_asks_nobody_else(api: ServedApi) -> None:
    described = (await api.get("/openapi.json")).json
    assert described["openapi"].startswith("3.1")
    create = described["paths"]["/api/keys"]["post"]
    assert create["security"] == [{"bearer": ["admin"]}, {"apiKey": ["admin"]}]
    assert "Idempotency-Key" in [each["name"] for each in create["parameters"]]
    for status in ("422", "429", "default"):
        assert list(create["responses"][status]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in described["components"]["schemas"]
    page = (await api.get("/docs")).content.decode()
    assert "createKey" in page
    assert not re.search(r"(src|href)=.?(https?:)?//", page)
    assert "<script" not in page


async def test_the_description_is_made_beside_the_loop_and_by_nobody_else(api: ServedApi) -> None:
    app = create_app(api.frame, [])
    makers = [route for route in app.routes if isinstance(route, Route) and route.path == "/openapi.json"]
    assert [maker.endpoint.__module__ for maker in makers] == [description.__name__]


def test_a_body_that_has_itself_as_a_part_has_an_example() -> None:
    router = APIRouter(tags=["trees"])

    @router.post("/trees", operation_id="plant")
    async def plant(tree: Tree) -> None:
        """Plant a tree."""

    app = FastAPI()
    app.include_router(router)
    describe(app)
    page = page_of(app.openapi())
    assert "&quot;name&quot;: &quot;oak&quot;" in page
    assert "&lt;Tree&gt;" in page
