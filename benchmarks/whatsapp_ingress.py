"""How soon a webhook is acknowledged while customers write: 80 messages a second, as Meta allows a number.

`python bot.py` with WhatsApp, a Graph API and a model on loopback. Each POST brings one message of one of 500 people;
at the end every message has to be answered, each person's in order. There is no baseline: Meta delivers again what is
not acknowledged soon, so the time counts.
"""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from benchmarks import measure
from source.ports.clock import SystemClock
from tests.e2e.api_server import ApiServer
from tests.fakes.graph_people import Person
from tests.fakes.graph_server import FakeGraph
from tests.fakes.openai_server import FakeOpenAIServer

_PEOPLE, _QUICK_PEOPLE = 500, 5
_SECONDS, _QUICK_SECONDS = 60, 1
_A_SECOND = 80
_PATIENCE = 120.0


def _signed(graph: FakeGraph, person: Person, number: int) -> tuple[bytes, str]:
    message = {
        **person.as_sender(),
        "id": f"wamid.{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": f"Message {number}"},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": graph.account.phone_id},
        "contacts": [person.as_contact()],
        "messages": [message],
    }
    entry = [{"id": graph.account.waba_id, "changes": [{"field": "messages", "value": value}]}]
    body = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
    return body, "sha256=" + hmac.new(graph.account.app_secret.encode(), body, hashlib.sha256).hexdigest()


async def _post(http: httpx.AsyncClient, url: str, body: bytes, signature: str) -> float:
    began = time.perf_counter()
    response = await http.post(url, content=body, headers={"X-Hub-Signature-256": signature})
    response.raise_for_status()
    return time.perf_counter() - began


async def _load(bot: ApiServer, graph: FakeGraph, people: Sequence[Person], seconds: int) -> list[float]:
    url, posts = f"{bot.url}/webhooks/whatsapp", []
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=100)) as http:
        began = time.perf_counter()
        for number, person in zip(range(seconds * _A_SECOND), itertools.cycle(people), strict=False):
            await asyncio.sleep(max(0.0, began + number / _A_SECOND - time.perf_counter()))
            person.last_wrote = graph.clock.now()
            posts.append(asyncio.create_task(_post(http, url, *_signed(graph, person, number))))
        return await asyncio.gather(*posts)


async def _measure(folder: Path, people: int, seconds: int) -> None:
    graph = FakeGraph(clock=SystemClock())
    async with graph, FakeOpenAIServer() as model:
        account = graph.account
        bot = ApiServer(
            folder,
            WHATSAPP_TOKEN=account.token,
            WHATSAPP_PHONE_ID=account.phone_id,
            WHATSAPP_APP_SECRET=account.app_secret,
            WHATSAPP_VERIFY_TOKEN="words",
            WHATSAPP_API_BASE=graph.base_url,
            OPENAI_BASE_URL=model.base_url,
            OPENAI_API_KEY="key",
            OPENAI_MODEL="test-model",
            LOG_LEVEL="warning",
            MESSAGES_PER_MINUTE="0",
        )
        await asyncio.to_thread(bot.start)
        try:
            everybody = [graph.people.add(f"Person {number}") for number in range(people)]
            took = sorted(await _load(bot, graph, everybody, seconds))
            last = [f"Message {number}" for number in range(len(took) - min(people, len(took)), len(took))]
            began = time.perf_counter()
            await graph.until(lambda: _answered(everybody, last), patience=_PATIENCE)
        finally:
            await asyncio.to_thread(bot.stop)
    at = {name: took[min(len(took) - 1, int(len(took) * share))] for name, share in (("p50", 0.5), ("p99", 0.99))}
    shown = [str(len(took)), *(f"{each * 1000:.1f} ms" for each in (*at.values(), took[-1]))]
    shown.append(f"{time.perf_counter() - began:.1f} s")
    print(measure.Table(["webhooks", "p50", "p99", "slowest", "all answered after the last"], [shown]))


def _answered(people: Sequence[Person], last: Sequence[str]) -> bool:
    heard = "\n".join(text for person in people for text in person.texts[-1:])
    return all(f"{text}\n" in f"{heard}\n" for text in last)


def main() -> None:
    given = measure.options(__doc__).parse_args()
    measure.begin("Webhooks of WhatsApp, 80 a second")
    people, seconds = (_QUICK_PEOPLE, _QUICK_SECONDS) if given.quick else (_PEOPLE, _SECONDS)
    with measure.temporary_folder() as folder:
        conversations = folder / "conversations"
        conversations.mkdir()
        asyncio.run(_measure(conversations, people, seconds))


if __name__ == "__main__":
    main()
