"""What Echo talks to while its webhooks are measured: a Graph API and a model on loopback, in a process of their own.

`python -m benchmarks.whatsapp_peers PEOPLE MESSAGES`: one line of JSON tells where they are and who writes; after a
line on standard input another one tells what reached whom and what it took. The number's limits are lifted.
"""

import asyncio
import json
import os
import sys
import time

from source.ports.clock import SystemClock
from tests.fakes.graph_items import Item, dumped, packed
from tests.fakes.graph_server import FakeGraph
from tests.fakes.openai_said import said_again
from tests.fakes.openai_server import FakeOpenAIServer

# They stand for other machines: the bot goes first.
_NICENESS = 5


async def _serve(people: int, messages: int) -> None:
    graph = FakeGraph(clock=SystemClock())
    graph.rates.per_second = graph.rates.burst = None
    async with graph, FakeOpenAIServer(answer=said_again) as model:
        everybody = [graph.people.add(f"Person {number}") for number in range(people)]
        bodies = []
        for number in range(messages):
            person = everybody[number % people]
            person.last_wrote = graph.clock.now()
            graph.world.written[f"wamid.{number}"] = person
            message = {**person.as_sender(), "id": f"wamid.{number}", "timestamp": str(int(time.time()))}
            said = {**message, "type": "text", "text": {"body": f"Message {number}"}}
            bodies.append(dumped(packed(graph.account, [Item("messages", said, person.as_contact())])).decode())
        _tell({"environment": graph.environment, "model": model.base_url, "bodies": bodies})
        while await asyncio.to_thread(sys.stdin.readline):
            texts = [person.texts for person in everybody]
            _tell({"texts": texts, "calls": len(graph.calls), "cpu": time.process_time()})


def _tell(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    os.nice(_NICENESS)
    asyncio.run(_serve(*map(int, sys.argv[1:])))
