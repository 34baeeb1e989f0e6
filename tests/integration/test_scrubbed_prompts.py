"""Personal data on the wire to the model, as the switch says."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from source.adapters.llm.openai_chat import OpenAIChatModel
from source.app.models import provider_settings
from source.app.worker import memory_worker
from source.domain.memory import Memory, StoredMemory
from source.domain.message import Message, MessageType
from source.domain.turn import ModelUsage, Purpose
from source.ports.llm import JsonSchema
from source.ports.memories import ReceivedBatch, RememberedConversation
from source.services.structured_model import StoreLedger, StructuredLanguageModel
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says, ScriptedCall
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.personal_data_files import (
    INTRODUCTION,
    MAIL,
    PHONE,
    holds,
    sent,
)
from tests.fakes.running_echo import (
    prompt_of,
    running_echo,
    settings_for,
)


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_no_request_to_the_model_holds_personal_data(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_model=True) as talk:
        await talk.say(INTRODUCTION)
        search = ScriptedCall("search_messages", ['{"words": "[ema', 'il 1]"}'])
        server.queue(Says(["Looking."], thinking=["For [email 1]?"], calls=[search]), Says(["It is [ema", "il 1]."]))
        reply = await talk.say(f"Who is {MAIL}?")
        server.queue(Says(["Noted [phone 1], not [phone 2]."]))
        await talk.say("And my phone?")
        await talk.command("new")
        await talk.say(f"I am back, {MAIL}")
        talk.clock.advance(hours=49)
        await talk.say("Hello again")
        said = [message for each in await talk.conversations() for message in each.messages]
    assert holds(sent(server)) == []
    assert len(server.requests) >= 6
    assert "[email 1]" in sent(server)
    assert reply.delivered == f"Looking.\n\nIt is {MAIL}."
    assert reply.streamed == reply.delivered
    texts = [message.message_content for message in said]
    assert {INTRODUCTION, f"For {MAIL}?", f"It is {MAIL}.", f"Noted {PHONE}, not [phone 2]."} <= set(texts)
    calls = [tool for message in said if message.message_type is MessageType.TOOL_CALL for tool in message.tools or ()]
    assert {"name": "search_messages", "params": {"words": MAIL}, "id": "call_1"} in calls


async def test_prompts_with_placeholders_repeat_the_last_one_also_after_a_restart(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, pii_scrub_model=True) as talk:
        await talk.say(INTRODUCTION)
        await talk.say(f"{PHONE} is new, [email 1] is not, and x@example.org")
        await talk.leave_memory()
        await talk.say("Well?")
    async with running_echo(tmp_path, server, clock, pii_scrub_model=True) as talk:
        await talk.say(f"And {MAIL}?")
    for previous, following in pairwise(map(prompt_of, server.requests)):
        assert following[: len(previous)] == previous
    last = [message["content"] for message in prompt_of(server.requests[-1]) if message["role"] == "user"]
    assert last[1:] == ["[phone 1] is new, [text 1] is not, and [email 2]", "Well?", "And [email 1]?"]


async def test_what_is_asked_of_the_model_beside_replies_holds_none_either(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    schema = JsonSchema("fact", {"type": "object", "properties": {"fact": {"type": "string"}}, "required": ["fact"]})
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_model=True) as talk:
        await talk.say("Hello")
        echo, conversation = talk.echo, await talk.conversation()
        assert echo.writing_model is not None
        asking = StructuredLanguageModel(echo.writing_model, StoreLedger(echo.store), echo.clock, echo.estimator)
        server.queue(Says(['{"fact": "writes as [email', ' 1]"}']))
        answer = await asking.ask(
            "Extract.", INTRODUCTION, schema, purpose=Purpose.MEMORY, conversation_id=conversation.head.conversation_id
        )
    assert holds(sent(server)) == []
    assert answer == {"fact": f"writes as {MAIL}"}


class OneBatch:
    """A queue with one batch of one conversation, at a desk that takes its memory; then the worker may go."""

    def __init__(self, text: str) -> None:
        self.stop = asyncio.Event()
        said = Message(FakeClock().now(), MessageType.CHAT, text, requester="ada", message_id=1)
        self._found = RememberedConversation((said,), {"ada": "Ada"}, None)

    async def receive(self) -> ReceivedBatch | None:
        return ReceivedBatch("receipt", (1,), 1, timedelta(minutes=5))

    async def hold_on(self, batch: ReceivedBatch) -> None:
        raise AssertionError(batch)

    async def done(self, batch: ReceivedBatch) -> None:
        self.stop.set()

    async def give_back(self, batch: ReceivedBatch, *, after: timedelta = timedelta(0)) -> None:
        self.stop.set()

    async def fetch(self, conversation_id: int) -> RememberedConversation | None:
        return self._found

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        now = FakeClock().now()
        return StoredMemory(1, conversation_id, memory.as_data(), 1, memory.source, version, now, now)

    async def note_failure(self, conversation_id: int, sentence: str) -> None:
        raise AssertionError(sentence)

    async def note_usage(self, conversation_id: int, usage: ModelUsage) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize(("is_on", "seen"), [(True, []), (False, [MAIL])])
async def test_a_worker_asks_its_model_without_it_too(
    tmp_path: Path, server: FakeOpenAIServer, is_on: bool, seen: list[str]
) -> None:
    chosen = settings_for(tmp_path, server, pii_scrub_model=is_on)
    model, batch = OpenAIChatModel(provider_settings(chosen)), OneBatch(f"I am {MAIL}")
    await memory_worker(chosen, batch, batch, model).run(batch.stop)
    await model.close()
    assert server.requests
    assert holds(sent(server), [MAIL]) == seen
