"""Echo as a business's customers meet it on WhatsApp: the program, against a Graph API on loopback."""

import asyncio
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from source.app.settings import ROOT
from source.ports.clock import SystemClock
from tests.e2e.api_server import ApiServer
from tests.fakes.graph_people import Person
from tests.fakes.graph_server import FakeGraph
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer

VERIFY = "words-of-our-own"
PATH = "/webhooks/whatsapp"
Json = dict[str, Any]


@dataclass
class Business:
    """A number with Echo behind it, and somebody who writes to it."""

    bot: ApiServer
    graph: FakeGraph
    model: FakeOpenAIServer
    http: httpx.AsyncClient
    ada: Person
    written: list[str] = field(default_factory=list)

    def message(self, text: str, *, number: str, who: Person | None = None, at: float | None = None) -> Json:
        sender = who or self.ada
        sender.last_wrote = self.graph.clock.now()
        self.graph.world.written[f"wamid.{number}"] = sender
        stamp = str(int(at or time.time()))
        return {
            **sender.as_sender(),
            "id": f"wamid.{number}",
            "timestamp": stamp,
            "type": "text",
            "text": {"body": text},
        }

    def body(self, *messages: Json, who: Person | None = None, **value: object) -> bytes:
        sender = who or self.ada
        contact = sender.as_contact()
        whole = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.graph.account.phone_id},
            "contacts": [contact] if contact else [],
            "messages": list(messages),
            **value,
        }
        entry = [{"id": self.graph.account.waba_id, "changes": [{"field": "messages", "value": whole}]}]
        return json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()

    async def post(self, body: bytes, *, signature: str | None = "") -> httpx.Response:
        """Deliver a body as Meta does; another signature than the right one is shown as it is, None is none."""
        right = hmac.new(self.graph.account.app_secret.encode(), body, hashlib.sha256).hexdigest()
        shown = f"sha256={right}" if signature == "" else signature
        headers = [] if shown is None else [(b"X-Hub-Signature-256", shown.encode())]
        return await self.http.post(f"{self.bot.url}{PATH}", content=body, headers=headers)

    async def says(self, text: str, *, number: str, who: Person | None = None) -> None:
        response = await self.post(self.body(self.message(text, number=number, who=who), who=who))
        assert response.status_code == 200

    def asked(self) -> list[str]:
        """What people said in the newest request to the model."""
        return [each["content"] for each in self.model.requests[-1]["messages"] if each["role"] == "user"]  # type: ignore[attr-defined]


@pytest.fixture
async def business(tmp_path: Path) -> AsyncIterator[Business]:
    folder = tmp_path / "conversations"
    folder.mkdir()
    graph = FakeGraph(clock=SystemClock())
    async with graph, FakeOpenAIServer() as model, httpx.AsyncClient(timeout=20) as http:
        ada = graph.people.add("Ada", phone="4915112345678")
        bot = ApiServer(
            folder,
            WHATSAPP_TOKEN=graph.account.token,
            WHATSAPP_PHONE_ID=graph.account.phone_id,
            WHATSAPP_APP_SECRET=graph.account.app_secret,
            WHATSAPP_VERIFY_TOKEN=VERIFY,
            WHATSAPP_API_BASE=graph.base_url,
            WHATSAPP_BURST_SECONDS="0.3",
            OPENAI_BASE_URL=model.base_url,
            OPENAI_API_KEY="key",
            OPENAI_MODEL="test-model",
        )
        await asyncio.to_thread(bot.start)
        try:
            yield Business(bot, graph, model, http, ada)
        finally:
            await asyncio.to_thread(bot.stop)
    assert "Traceback" not in bot.log


async def test_the_challenge_is_answered_to_whoever_knows_the_words(business: Business) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}
    answer = await business.http.get(f"{business.bot.url}{PATH}", params=query)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    refused = await business.http.get(f"{business.bot.url}{PATH}", params={**query, "hub.verify_token": "other"})
    assert refused.status_code == 403
    assert "1158201444" not in refused.text


async def test_a_message_is_answered_where_it_came_from(business: Business) -> None:
    business.model.queue(Says(["**Tea**", " is at [our shop](https://shop.example)."]))
    await business.says("Where is tea?", number="1")
    (answer,) = await business.graph.answers(business.ada)
    assert answer.text == "*Tea* is at our shop (https://shop.example)."
    await business.graph.until(lambda: business.graph.reads)
    assert business.graph.reads[0].message_id == "wamid.1"
    (transcript,) = business.bot.folder.glob("*conversation-with-*.json")
    assert "4915112345678" not in transcript.name


async def test_a_batch_with_repeats_and_in_any_order_is_answered_once_in_order(business: Business) -> None:
    now = time.time()
    second, first = business.message("second", number="2", at=now), business.message("first", number="1", at=now - 9)
    await business.post(business.body(second, first))
    await business.post(business.body(first))
    await business.post(business.body(business.message("first, with other bytes", number="1"), statuses=[{"id": "x"}]))
    await business.graph.answers(business.ada)
    await asyncio.sleep(1)
    assert len(business.ada.received) == 1
    assert [text.removeprefix("Ada: ") for text in business.asked()] == ["first", "second"]


@pytest.mark.parametrize("signature", [None, "", "sha256=" + "0" * 64, "sha256=ü"])
async def test_what_meta_did_not_sign_is_refused(business: Business, signature: str | None) -> None:
    body = business.body(business.message("Hello", number="1"))
    answer = await business.post(body, signature=signature if signature != "" else "sha256=")
    assert answer.status_code == 403
    assert business.model.requests == []


async def test_a_body_of_three_megabytes_is_taken_and_a_larger_one_is_not(business: Business) -> None:
    long = business.message("Hello", number="1")
    filling = [{"id": f"wamid.s{number}", "status": "read", "x": "y" * 1_000} for number in range(2_850)]
    body = business.body(long, statuses=filling)
    assert 2_900_000 < len(body) < 3_145_728
    assert (await business.post(body)).status_code == 200
    await business.graph.answers(business.ada)
    assert (await business.post(body + b" " * 1_000_000)).status_code == 413


async def test_whoever_hides_their_number_is_answered_by_their_id(business: Business) -> None:
    eve = business.graph.people.add("Eve", phone="4915100000000", username="eve", shows_phone=False)
    await business.says("Hello", number="1", who=eve)
    (answer,) = await business.graph.answers(eve)
    assert answer.text == "You said: Eve: Hello" or answer.text == "You said: Hello"


async def test_what_is_unknown_is_passed_over(business: Business) -> None:
    odd = {**business.message("", number="0"), "type": "hologram", "hologram": {"x": 1}}
    answer = await business.post(business.body(odd, business.message("Hello", number="1")))
    assert answer.status_code == 200
    assert (await business.post(b"[1, 2]")).status_code == 200
    await business.graph.answers(business.ada)
    assert "hologram" in business.bot.log


async def test_a_long_reply_arrives_in_messages_that_fit(business: Business) -> None:
    business.model.queue(Says([f"Sentence number {number} of a long reply. " for number in range(240)]))
    await business.says("Tell me everything", number="1")
    answers = await business.graph.answers(business.ada, 3)
    assert all(len(answer.text) <= 4_096 for answer in answers)
    assert "Sentence number 239" in answers[-1].text


async def test_a_command_is_carried_out(business: Business) -> None:
    await business.says("Hello", number="1")
    await business.graph.answers(business.ada)
    await business.says("/new", number="2")
    answers = await business.graph.answers(business.ada, 2)
    assert "new conversation" in answers[1].text.lower()


async def test_who_asks_for_a_file_is_told_that_there_is_none_here(business: Business) -> None:
    await business.says("Hello", number="1")
    await business.graph.answers(business.ada)
    await business.says("/export", number="2")
    answers = await business.graph.answers(business.ada, 2)
    assert "cannot send files here" in answers[1].text


async def test_what_is_deleted_leaves_the_transcript(business: Business) -> None:
    business.model.queue(Says(["Noted."]))
    await business.says("My number is 4711", number="1")
    await business.graph.answers(business.ada)
    deletion = {**business.message("", number="2"), "type": "revoke", "revoke": {"original_message_id": "wamid.1"}}
    await business.post(business.body(deletion))
    (transcript,) = business.bot.folder.glob("*conversation-with-*.json")
    deadline = time.monotonic() + 20
    while b"4711" in transcript.read_bytes():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


async def test_killed_between_the_200_and_the_answer_it_answers_at_the_next_start(business: Business) -> None:
    response = await business.post(business.body(business.message("Hello", number="1")))
    await asyncio.to_thread(business.bot.kill)
    assert response.status_code == 200
    assert business.ada.received == []
    await asyncio.to_thread(business.bot.start)
    await business.graph.answers(business.ada)
    await asyncio.sleep(0.5)
    assert len(business.ada.received) == 1


async def test_who_is_forgotten_is_told_so_and_their_number_is_gone(business: Business) -> None:
    await business.says("My boat is called Aurora", number="1")
    await business.graph.answers(business.ada)
    await business.says("/forget-me confirm", number="2")
    answers = await business.graph.answers(business.ada, 2)
    assert "forgotten" in answers[-1].text.lower() or "forget" in answers[-1].text.lower()
    deadline = time.monotonic() + 20
    while any(b"4915112345678" in each.read_bytes() for each in business.bot.folder.rglob("echo.db*")):
        assert time.monotonic() < deadline, "the number is still in the database"
        await asyncio.sleep(0.5)


async def test_check_asks_meta_for_the_number(business: Business) -> None:
    whole = await asyncio.to_thread(_check, business.bot)
    assert "The token may use +1 555-078-3881 (Lucky Shrub)." in whole
    business.graph.account.token_is_expired = True
    refused = await asyncio.to_thread(_check, business.bot)
    assert re.search(r"problem +whatsapp .*see WHATSAPP_TOKEN", refused)


def _check(bot: ApiServer) -> str:
    command = [sys.executable, str(ROOT / "bot.py"), "check"]
    ran = subprocess.run(command, env=bot.environment, capture_output=True, text=True, check=False, timeout=60)
    return ran.stdout
