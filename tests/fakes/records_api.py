"""A program that reads and writes records over HTTP."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from source.app.records import Records
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import Talk
from tests.fakes.web_api import Answered, WebApi, web_api

SESSIONS, MESSAGES, SUMMARIES = (f"/api/records/{name}" for name in ("sessions", "messages", "user_summaries"))


@dataclass
class RecordsCaller:
    """Somebody who calls the API of a running Echo; in `folder` are its transcripts."""

    api: WebApi
    folder: Path

    @property
    def talk(self) -> Talk:
        return self.api.talk

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Answered:
        return await self.api.call(method, path, body, headers=headers)

    async def got(self, path: str, **asked: object) -> Any:
        """Return what GET answers, which must succeed."""
        query = "&".join(f"{name}={quote(str(value))}" for name, value in asked.items())
        answer = await self.api.get(f"{path}?{query}")
        assert answer.status == 200, answer.content
        return answer.json

    async def found(self, path: str, filter_: object = None, **asked: object) -> list[dict[str, Any]]:
        given: Mapping[str, object] = {} if filter_ is None else {"filter": json.dumps(filter_)}
        records: list[dict[str, Any]] = (await self.got(path, **given, **asked))["records"]
        return records

    async def made(self, path: str, **values: object) -> dict[str, Any]:
        answer = await self.api.post(path, values)
        assert answer.status == 201, answer.content
        made: dict[str, Any] = answer.json
        return made

    async def session(self, **values: object) -> str:
        return str((await self.made(SESSIONS, **{"user_id": "ann", **values}))["session_id"])

    async def message(self, session_id: str, content: str = "Hello", **values: object) -> int:
        made = await self.made(MESSAGES, session_id=session_id, **{"role": "user", "content": content, **values})
        return int(made["id"])


@asynccontextmanager
async def records_api(folder: Path, database: str) -> AsyncIterator[RecordsCaller]:
    """Start Echo on a database, with the routes of records."""
    async with (
        FakeOpenAIServer() as server,
        web_api(folder, server, FakeClock(), lambda echo: Records(echo).routes(), database_url=database) as api,
    ):
        yield RecordsCaller(api, folder)


def problem(answer: Answered, status: int) -> str:
    """Return the sentence of a problem of this status."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.content
    return str(answer.json["detail"])
