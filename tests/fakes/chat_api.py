"""Talking with a running Echo over HTTP."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from fastapi import APIRouter

from source.adapters.storage.asked_before_reading import AskedBeforeTable
from source.adapters.web.chat import ChatParts, WebChat
from source.adapters.web.routes import chat, commands, sessions
from source.app.echo import Echo
from tests.fakes.web_api import WebApi

EVENTS = {"Accept": "text/event-stream"}


def chat_of(echo: Echo, *, pause_seconds: float = 15.0) -> WebChat:
    """Return the chat of a running Echo."""
    return WebChat(
        ChatParts(
            turns=echo.turns,
            commands=echo.commands,
            replies=echo.store,
            asked_before=AskedBeforeTable(echo.store),
            clock=echo.clock,
            model_name=echo.model_name,
            is_offline=echo.is_offline,
            pause_seconds=pause_seconds,
            drain=timedelta(milliseconds=200),
        )
    )


def chat_routers(web_chat: WebChat) -> Sequence[APIRouter]:
    return [chat.router(web_chat), commands.router(web_chat), sessions.router(web_chat)]


def said(text: str, **more: object) -> dict[str, object]:
    """What Ada says in her session."""
    return {"session_id": "s1", "user_id": "ada", "user_name": "Ada", "text": text, **more}


@dataclass(frozen=True)
class Event:
    """An event as it came; a comment has no name."""

    name: str
    data: Any


@dataclass
class Stream:
    """An answer of events that is being read."""

    response: aiohttp.ClientResponse

    async def next(self) -> Event | None:
        """Return the next event or comment; None at the end."""
        name, data = "", ""
        while line := (await self.response.content.readline()).decode():
            if line.startswith("event: "):
                name = line[len("event: ") :].rstrip("\n")
            elif line.startswith("data: "):
                data = line[len("data: ") :].rstrip("\n")
            elif line == "\n":
                return Event(name, json.loads(data) if data else None)
        return None

    async def until(self, name: str) -> list[Event]:
        """Return what comes up to the next event of this name."""
        events: list[Event] = []
        while event := await self.next():
            events.append(event)
            if event.name == name:
                return events
        raise AssertionError(f"the stream ended before an event {name}: {events}")

    async def rest(self) -> list[Event]:
        """Return all that comes to the end."""
        events: list[Event] = []
        while event := await self.next():
            events.append(event)
        return events


@asynccontextmanager
async def streaming(api: WebApi, path: str, body: object, *, key: str | None = None) -> AsyncIterator[Stream]:
    """Call a path and read its answer as events; leaving closes the connection."""
    headers = {**EVENTS, **({"Authorization": f"Bearer {key}"} if key else {})}
    async with api.session.post(api.url + path, json=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        yield Stream(response)
