"""A whole Echo behind a number, in this process: webhooks are handed over as read, replies go to a fake Graph API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from source.adapters.storage.webhook_table import WebhookTable
from source.adapters.whatsapp.platform import WhatsAppPlatform
from source.adapters.whatsapp.webhook import Webhook, read_webhook
from source.app.composition import open_echo
from source.app.echo import Echo
from source.app.whatsapp_channel import whatsapp_platform
from source.domain.conversation_head import StoredConversation
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey
from tests.fakes.clock import FakeClock
from tests.fakes.graph_items import Item, dumped, packed
from tests.fakes.graph_people import Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_sending import Sent
from tests.fakes.graph_server import FakeGraph
from tests.fakes.language_model import ScriptedModel
from tests.fakes.running_echo import settings_for


@dataclass
class WhatsAppEcho:
    """Echo, its number, and people who write to it."""

    echo: Echo
    platform: WhatsAppPlatform
    graph: FakeGraph
    clock: FakeClock
    model: ScriptedModel

    def phone(self, person: Person) -> Phone:
        return Phone(self.graph.world, person)

    async def brings(self, *items: Item) -> Webhook:
        """Deliver these in one webhook; return what was read of it."""
        account = self.graph.account
        webhook = read_webhook(dumped(packed(account, items)), phone_id=account.phone_id, now=self.clock.now())
        await self.platform.intake.keep(webhook.items)
        await self.platform.intake.note(webhook.history)
        await self.platform.statuses.tell(Platform.WHATSAPP, webhook.statuses)
        return webhook

    async def seen_to(self) -> None:
        """Wait until everything that was delivered has been seen to."""
        async with asyncio.timeout(20):
            while await WebhookTable(self.echo.store).kept(Platform.WHATSAPP, limit=1):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def says(self, person: Person, text: str) -> Sent:
        """Have somebody write, and return what answers it."""
        before = len(person.received)
        await self.brings(self.phone(person).text(text))
        return (await self.graph.answers(person, before + 1))[-1]

    async def conversations(self) -> list[StoredConversation]:
        """Return all conversations, the oldest first."""
        return [each async for each in self.echo.store.every_conversation()]

    async def said(self) -> list[str]:
        """Return what people said in all conversations, in the order of those."""
        return [each.message_content for each in await self.messages() if each.is_from_person]

    async def messages(self) -> list[Message]:
        return [message for each in await self.conversations() for message in each.messages]

    async def threads(self) -> set[ThreadKey]:
        return {each.head.thread.key for each in await self.conversations()}


@asynccontextmanager
async def whatsapp_echo(
    folder: Path, *, model: ScriptedModel | None = None, graph: FakeGraph | None = None, **settings: object
) -> AsyncIterator[WhatsAppEcho]:
    """Start Echo on `folder` and end it in order."""
    clock = graph.clock if graph is not None else FakeClock()
    assert isinstance(clock, FakeClock)
    async with graph or FakeGraph(clock=clock) as number:
        named = {name.lower(): value for name, value in number.environment.items()}
        chosen = settings_for(folder, None, **(named | settings))
        spoken = model or ScriptedModel()
        async with open_echo(chosen, model=spoken, clock=clock) as echo:
            platform = whatsapp_platform(chosen, echo)
            stop = asyncio.Event()
            running = asyncio.create_task(platform.run(stop))
            try:
                yield WhatsAppEcho(echo, platform, number, clock, spoken)
            finally:
                stop.set()
                await running
