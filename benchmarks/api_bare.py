"""What Echo's API is measured beside: FastAPI and SQLAlchemy with Echo's own statements, and nothing else.

`python -m benchmarks.api_bare FILE PORT`. The answers go through a response model, as FastAPI's documentation has
it; those below `/lean` are dictionaries that become JSON at once. `/note` is durable when it is answered.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Response
from pydantic import BaseModel
from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from source.adapters.storage.message_pages import _PAGE
from source.adapters.storage.operation_tables import message_metadata
from source.adapters.storage.read_queries import message_counts
from source.adapters.storage.record_sources import SOURCES
from source.adapters.storage.tables import conversations, messages
from source.domain.records import SESSIONS

Row = Mapping[str, Any]

_PAGE_OF_LIST = SOURCES[SESSIONS.name].select().order_by(conversations.c.created_at.desc(), conversations.c.id.desc())


class Said(BaseModel):
    id: int
    role: str
    content: str
    created_at: datetime
    requester: str | None
    name: str | None
    edited_at: datetime | None
    interrupted: bool


class Session(BaseModel):
    session_id: int
    user_id: str | None
    platform: str
    thread_id: str
    guild_id: str | None
    outlet_id: int | None
    language: str | None
    start_time: datetime
    end_time: datetime | None
    last_message_at: datetime | None
    state: str
    title: str
    summary: str
    intents: dict[str, object] | None
    context: dict[str, object] | None
    is_starred: bool
    parent_session_id: int | None
    created_reason: str
    created_at: datetime
    updated_at: datetime
    message_count: int


class Note(BaseModel):
    message_id: int
    category: str


class Sessions(BaseModel):
    records: list[Session]


def app_on(file: Path) -> FastAPI:
    """Return the bare app over an Echo's database."""
    app = FastAPI()
    engine = create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    app.include_router(_reads(engine))
    app.include_router(_writes(engine))
    return app


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _reads(engine: Engine) -> APIRouter:
    routes = APIRouter()

    def connected() -> Iterator[Connection]:
        with engine.connect() as connection:
            yield connection

    connection_of = Depends(connected)

    @routes.get("/conversations/{number}/messages", response_model=list[Said])
    def said(number: int, connection: Annotated[Connection, connection_of]) -> list[Row]:
        return _said(connection, number)

    @routes.get("/lean/conversations/{number}/messages")
    def lean_said(number: int, connection: Annotated[Connection, connection_of]) -> Response:
        return _as_json(_said(connection, number))

    @routes.get("/api/conversations", response_model=Sessions)
    def listed(connection: Annotated[Connection, connection_of], limit: int = 50) -> Row:
        return {"records": _listed(connection, limit)}

    @routes.get("/lean/api/conversations")
    def lean_listed(connection: Annotated[Connection, connection_of], limit: int = 50) -> Response:
        return _as_json({"records": _listed(connection, limit)})

    return routes


def _writes(engine: Engine) -> APIRouter:
    routes = APIRouter()

    @routes.post("/note")
    def note(body: Note) -> dict[str, bool]:
        with engine.begin() as connection:
            found = select(messages.c.conversation_id).where(messages.c.id == body.message_id)
            conversation = connection.execute(found).scalar_one()
            values = {"category": body.category, "source": "person", "updated_at": datetime.now(UTC)}
            new = {"is_read": False, "is_processed": False, "version": 1}
            connection.execute(
                insert(message_metadata)
                .prefix_with("OR REPLACE")
                .values(conversation_id=conversation, message_id=body.message_id, **values, **new)
            )
        return {"success": True}

    return routes


def _said(connection: Connection, number: int) -> list[Row]:
    rows = connection.execute(_PAGE, {"conversation": number, "after": 0, "most": 1_000}).all()
    if not rows:
        raise HTTPException(404)
    return [
        {
            "id": row.id,
            "role": "assistant" if row.requester is None else "user",
            "content": row.content,
            "created_at": row.created_at,
            "requester": row.requester,
            "name": row.display_name,
            "edited_at": row.edited_at,
            "interrupted": row.interrupted,
        }
        for row in rows
    ]


def _listed(connection: Connection, limit: int) -> list[Row]:
    rows = [dict(row._mapping) for row in connection.execute(_PAGE_OF_LIST.limit(limit))]
    counts = message_counts(connection, [row["session_id"] for row in rows])
    return [{**row, "message_count": counts.get(row["session_id"], 0)} for row in rows]


def _as_json(value: object) -> Response:
    return Response(json.dumps(value, default=str), media_type="application/json")


def main() -> None:
    file, port = sys.argv[1:3]
    uvicorn.run(app_on(Path(file)), host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
