"""A business whose number Echo answers: the program as it is started, between a fake Meta and a fake model."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from source.ports.clock import SystemClock
from tests.e2e.api_server import PATIENCE_SECONDS, ApiServer
from tests.fakes.graph_items import Item
from tests.fakes.graph_meta import Delivery, Meta
from tests.fakes.graph_people import Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_sending import Sent
from tests.fakes.graph_server import FakeGraph
from tests.fakes.openai_server import FakeOpenAIServer

PATH = "/webhooks/whatsapp"


@dataclass
class Business:
    """A number with Echo behind it, and Ada, who writes to it."""

    bot: ApiServer
    graph: FakeGraph
    meta: Meta
    model: FakeOpenAIServer
    ada: Person

    @property
    def phone(self) -> Phone:
        """What Ada writes with; `meta.phone(person)` is somebody else's."""
        return self.meta.phone(self.ada)

    async def says(self, text: str, *, who: Person | None = None) -> Item:
        """Write and deliver a text; return it as it was delivered."""
        item = self.meta.phone(who or self.ada).text(text)
        await self.brings(item)
        return item

    async def brings(self, *items: Item) -> Delivery:
        """Deliver these in one webhook, which Echo takes."""
        delivery = await self.meta.post(*items)
        assert delivery.is_answered, delivery.attempts
        return delivery

    async def answers(self, count: int = 1, *, who: Person | None = None) -> list[Sent]:
        """Wait until so many messages have reached somebody; return them all."""
        return await self.graph.answers(who or self.ada, count, patience=PATIENCE_SECONDS)

    def asked(self) -> list[str]:
        """What people said in the newest request to the model."""
        messages: list[dict[str, Any]] = self.model.requests[-1]["messages"]  # type: ignore[assignment]
        return [each["content"] for each in messages if each["role"] == "user"]

    async def transcript(self) -> Path:
        """Wait until there is one; return it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := [*self.bot.folder.glob("*conversation-with-*.json")]):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.1)
        (transcript,) = found
        return transcript


@asynccontextmanager
async def business_on(folder: Path, **settings: str) -> AsyncIterator[Business]:
    """Start all of it with these settings beside the usual ones; at the end nothing may have broken."""
    await asyncio.to_thread(folder.mkdir)
    graph = FakeGraph(clock=SystemClock())
    async with graph, FakeOpenAIServer() as model:
        usual = {"WHATSAPP_BURST_SECONDS": "0.3", "AI_DISCLOSURE": "", **graph.environment, **_answering(model)}
        bot = ApiServer(folder, database_url="", is_hasty=False, **(usual | settings))
        async with Meta(graph, bot.url + PATH) as meta:
            await asyncio.to_thread(bot.start)
            try:
                yield Business(bot, graph, meta, model, graph.people.add("Ada", phone="4915112345678"))
            finally:
                await asyncio.to_thread(bot.stop)
    assert "Traceback" not in bot.log


def changed(item: Item, **values: object) -> Item:
    """Return it with other values in its place."""
    return replace(item, value={**item.value, **values})


def _answering(model: FakeOpenAIServer) -> dict[str, str]:
    return {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "key", "OPENAI_MODEL": "test-model"}
