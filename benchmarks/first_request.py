"""What the first request of a process costs; run as a module it measures its own process."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, fields

from source.adapters.llm.openai_chat import OpenAIChatModel, OpenAIChatSettings
from source.app.settings import ROOT
from source.ports.llm import Prompt, PromptMessage, Role


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """CPU-seconds, in the order in which they are spent; `client` is another one, when all is imported already."""

    prepared: float
    first_reply: float
    second_reply: float
    client: float
    new_connection: float


def first_request(base_url: str, model: str, words: str, *, runs: int) -> FirstRequest:
    """Measure in `runs` fresh processes; return the medians."""
    command = [sys.executable, "-m", "benchmarks.first_request", base_url, model, words]
    measured = [
        json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
        for _ in range(runs)
    ]
    return FirstRequest(
        **{part.name: statistics.median(each[part.name] for each in measured) for part in fields(FirstRequest)}
    )


async def _measured(base_url: str, name: str, words: str) -> FirstRequest:
    settings = OpenAIChatSettings(name, "key", base_url)
    model, another = OpenAIChatModel(settings), OpenAIChatModel(settings)
    try:
        return FirstRequest(
            prepared=await _cpu(model.prepare()),
            first_reply=await _cpu(_reply(model, words)),
            second_reply=await _cpu(_reply(model, words)),
            client=await _cpu(another.prepare()),
            new_connection=await _cpu(_reply(another, words)),
        )
    finally:
        await model.close()
        await another.close()


async def _reply(model: OpenAIChatModel, words: str) -> None:
    async for _ in model.stream(Prompt((PromptMessage(Role.USER, words),))):
        pass


async def _cpu(work: Awaitable[None]) -> float:
    began = time.process_time()
    await work
    return time.process_time() - began


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_measured(*sys.argv[1:])))))
