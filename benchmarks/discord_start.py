"""How long Echo takes until it answers on Discord, with an empty store and one of 10,000 threads.

Baseline: the same with an empty store. Requests are counted too: none may go out for a thread that has nothing new.
"""

import asyncio
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import measure
from benchmarks.discord_load import peak_bytes
from benchmarks.made_up import made_up
from source.adapters.storage.sql_store import SqlStore
from source.app.settings import ROOT
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform, ThreadRef
from source.ports.clock import SystemClock
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Message
from tests.fakes.openai_server import FakeOpenAIServer

_FULL, _QUICK = 10_000, 20
_RUNS, _QUICK_RUNS = 3, 0
_BATCH = 1_000
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Started:
    """Seconds until the session stood and until an answer did, and what that took."""

    ready: float
    answered: float
    peak_bytes: int
    requests: Counter[str]


async def fill(folder: Path, threads: list[Channel], guild_id: int) -> None:
    """Store a conversation for each thread, and that all of it was seen."""
    store = await SqlStore.open(folder / "echo.db", clock=SystemClock(), durability="normal")
    ids, now = IdGenerator(), datetime.now(UTC)
    for start in range(0, len(threads), _BATCH):
        batch = []
        for number, thread in enumerate(threads[start : start + _BATCH], start):
            conversation = made_up(number, 2, last_at=now - timedelta(seconds=number), ids=ids)
            place = ThreadRef(Platform.DISCORD, str(thread.id), str(guild_id), "Workshop")
            batch.append(replace(conversation, head=replace(conversation.head, thread=place)))
        await store.restore(batch)
    store.note_seen(Platform.DISCORD, {str(each.id): str(each.last_message_id or each.id) for each in threads})
    await store.close()


async def measured(stored: int, runs: int) -> list[Started]:
    """Start Echo several times beside a guild with so many threads."""
    with measure.temporary_folder() as folder:
        (folder / "conversations").mkdir()
        async with FakeDiscord(checks=False) as discord, FakeOpenAIServer() as model:
            guild = discord.add_guild("Workshop")
            ada = guild.add_member("Ada")
            threads = guild.add_threads(guild.add_text_channel("general"), stored + 1)
            await fill(folder / "conversations", threads[1:], guild.id)
            found = []
            for run in range(runs + 1):  # the first registers the commands
                measure.progress(f"{stored:,} threads, start {run} of {runs}")
                found.append(await _started(discord, model, folder, lambda: ada.says(threads[0], "hello")))
            return found[1:] or found


async def _started(
    discord: FakeDiscord, model: FakeOpenAIServer, folder: Path, say: Callable[[], Awaitable[Message]]
) -> Started:
    discord.rest.log.clear()
    began = time.monotonic()
    async with _bot(folder, discord, model) as pid:
        await discord.wait_ready(patience=_PATIENCE)
        ready = time.monotonic()
        question = await say()
        place = question.channel
        await discord.until(lambda: place.visible()[-1].author is discord.bot, patience=_PATIENCE)
        answered, peak = time.monotonic(), peak_bytes(pid)
    counted = Counter(f"{call.method} {call.path.split('/')[1]}" for call in discord.rest.log)
    return Started(ready - began, answered - began, peak, counted)


@asynccontextmanager
async def _bot(folder: Path, discord: FakeDiscord, model: FakeOpenAIServer) -> AsyncIterator[int]:
    settings = {
        "CONVERSATIONS_DIR": str(folder / "conversations"),
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_BASE": discord.api_base,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "any",
        "OPENAI_MODEL": "test-model",
        "LOG_LEVEL": "error",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "bot.py", cwd=ROOT, env={**os.environ, **settings})
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


def _row(name: str, found: list[Started]) -> list[str]:
    requests = max(sum(each.requests.values()) for each in found)
    return [
        name,
        measure.duration(statistics.median(each.ready for each in found)),
        measure.duration(statistics.median(each.answered for each in found)),
        f"{max(each.peak_bytes for each in found) / 1e6:.0f} MB",
        f"{requests}",
    ]


async def main() -> None:
    arguments = measure.options(__doc__).parse_args()
    measure.begin("Starting on Discord", durability="full")
    full, runs = (_QUICK, _QUICK_RUNS) if arguments.quick else (_FULL, _RUNS)
    rows = [_row(f"{stored:,} stored threads", await measured(stored, runs)) for stored in (0, full)]
    print(measure.Table(["", "session", "first answer", "peak RSS", "requests at most"], rows))


if __name__ == "__main__":
    asyncio.run(main())
