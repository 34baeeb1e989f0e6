"""Talking with a running Echo over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import APIRouter

from source.adapters.storage.asked_before_reading import AskedBeforeTable
from source.adapters.web.chat import ChatParts, WebChat
from source.adapters.web.routes import chat, commands, sessions
from source.app.echo import Echo
from source.domain.thread import Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.web_api import WebApi, web_api

SESSION = ThreadRef(Platform.WEB, "s1")
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


@dataclass
class Desk:
    """A running API, its model, and the chat behind it."""

    api: WebApi
    model: FakeOpenAIServer
    clock: FakeClock
    chat: WebChat
    stop: asyncio.Event

    async def accepted(self, count: int) -> None:
        """Return when so many messages wait for their answer."""
        store = self.api.talk.echo.store
        while len(await store.unanswered()) < count:  # noqa: ASYNC110  (it happens in the store)
            await asyncio.sleep(0)

    async def undelivered(self, count: int) -> None:
        """Return when so many replies wait for a reader."""
        store = self.api.talk.echo.store
        while len(await store.undelivered()) < count:  # noqa: ASYNC110  (it happens in the store)
            await asyncio.sleep(0)

    async def until_nobody_listens(self) -> None:
        """Return when the server has noticed that whoever listened is gone."""
        channels = self.chat._channels.values()
        while any(channel._listeners for channel in channels):  # noqa: ASYNC110  (it happens on a wire)
            await asyncio.sleep(0)

    async def texts(self, thread: ThreadRef = SESSION) -> list[str]:
        """Return what the store has of a session."""
        return [message.message_content for message in (await self.api.talk.conversation(thread=thread)).messages]


@asynccontextmanager
async def a_desk(folder: Path, *, pause_seconds: float = 15.0, database_url: str | None = None) -> AsyncIterator[Desk]:
    """Start Echo on `folder` with its API, and end both in order."""
    chats: list[WebChat] = []
    clock, stop = FakeClock(), asyncio.Event()

    def routers(echo: Echo) -> Sequence[APIRouter]:
        chats.append(chat_of(echo, pause_seconds=pause_seconds))
        return chat_routers(chats[0])

    async with FakeOpenAIServer() as model, web_api(folder, model, clock, routers, database_url=database_url) as api:
        running = asyncio.create_task(chats[0].run(stop))
        yield Desk(api, model, clock, chats[0], stop)
        stop.set()
        await running
