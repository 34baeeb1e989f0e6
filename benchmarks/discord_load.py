"""What readers on Discord see of many answers at once, and what these cost.

Echo runs as `python bot.py` against a Discord on loopback with its usual limit of 5 edits in 5 seconds for each
channel, and a model that streams 200 tokens at 50 a second after 0.2 s, each in a process of its own. Chats begin
one after another, each in a thread of its own. Figures of llmcord, the baseline, are those of its own trial on the
same kind of load: they are not of this run.
"""

import asyncio
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from benchmarks.token_stream import Pace, word
from source.app.settings import ROOT
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Message
from tests.fakes.discord.person import Person

_CHATS, _QUICK = (1, 10, 50, 200), (3,)
_APART_SECONDS = 0.05
# One chat at a time: several, each after the end of the last.
_ALONE, _ALONE_APART_SECONDS = 5, 6.0
_PATIENCE = 120.0
_LAST_WORD = word(Pace().tokens - 1).strip()


@dataclass(frozen=True, slots=True)
class Chat:
    """One person's question in one thread."""

    number: int
    person: Person
    thread: Channel


@dataclass(frozen=True, slots=True)
class Seen:
    """What one reader saw, in seconds after the model's first token, or for a freeze without new text."""

    first_visible: float
    after_question: float
    freeze: float
    edits: int


@dataclass(frozen=True, slots=True)
class Load:
    """All readers of one run, and what the program took: CPU-seconds and bytes."""

    seen: list[Seen]
    cpu: float
    rss_bytes: int
    too_many_requests: int


async def measured(at_once: int) -> Load:
    """Run so many chats and return what was seen."""
    chats, apart = (_ALONE, _ALONE_APART_SECONDS) if at_once == 1 else (at_once, _APART_SECONDS)
    with measure.temporary_folder() as folder:
        async with AsyncExitStack() as stack:
            discord = await stack.enter_async_context(FakeDiscord(checks=False))
            talks = _made(discord, chats + 1)
            model = await stack.enter_async_context(_model())
            pid = await stack.enter_async_context(_bot(folder, discord, model.port))
            await discord.wait_ready(patience=_PATIENCE)
            await _answered(discord, talks.pop(), 0)  # the first of all loads what is loaded late
            before = _cpu_seconds(pid)
            began = time.monotonic()
            questions = await _all_answered(discord, talks, apart)
            cpu, rss = _cpu_seconds(pid) - before, peak_bytes(pid)
            measure.progress(f"{chats} chats took {time.monotonic() - began:.1f} s")
            spoken = await model.spoken()
            seen = [_seen(discord, talk, asked, spoken) for talk, asked in zip(talks, questions, strict=True)]
            return Load(seen, cpu, rss, len(discord.rate_limited))


def _made(discord: FakeDiscord, count: int) -> list[Chat]:
    guild = discord.add_guild("Workshop")
    threads = guild.add_threads(guild.add_text_channel("general"), count)
    return [Chat(number, guild.add_member(f"Member {number}"), thread) for number, thread in enumerate(threads)]


async def _all_answered(discord: FakeDiscord, chats: list[Chat], apart: float) -> list[float]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_answered(discord, chat, apart * chat.number)) for chat in chats]
    return [task.result() for task in tasks]


async def _answered(discord: FakeDiscord, chat: Chat, after: float) -> float:
    """Ask and wait for the whole answer; return when the question was asked."""
    await asyncio.sleep(after)
    asked = time.monotonic()
    await chat.person.says(chat.thread, f"<@bot> this is chat-{chat.number}")
    async with asyncio.timeout(_PATIENCE):
        # A look at every change of the world would cost more than what is measured.
        while not _is_whole(discord, chat):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return asked


def _answer(discord: FakeDiscord, chat: Chat) -> Message | None:
    said = (message for message in chat.thread.visible() if message.author is discord.bot)
    return next((message for message in said if not message.content.startswith("-# ")), None)


def _is_whole(discord: FakeDiscord, chat: Chat) -> bool:
    answer = _answer(discord, chat)
    return answer is not None and _LAST_WORD in answer.content and "retry" in str(answer.components)


def _seen(discord: FakeDiscord, chat: Chat, asked: float, spoken: dict[str, dict[str, float]]) -> Seen:
    answer = _answer(discord, chat)
    assert answer is not None
    grown, longest = [answer.versions[0].at], len(answer.versions[0].content)
    for version in answer.versions[1:]:
        if len(version.content) > longest:
            grown.append(version.at)
            longest = len(version.content)
    freezes = [later - earlier for earlier, later in itertools.pairwise(grown)]
    first = grown[0] - spoken["first"][str(chat.number)]
    return Seen(first, grown[0] - asked, max(freezes, default=0.0), len(answer.edits))


@dataclass(frozen=True, slots=True)
class _Model:
    port: int
    process: asyncio.subprocess.Process

    async def spoken(self) -> dict[str, dict[str, float]]:
        """End it; return when each chat's first and last token were sent."""
        output, _ = await self.process.communicate(b"")
        found: dict[str, dict[str, float]] = json.loads(output)
        return found


@asynccontextmanager
async def _model() -> AsyncIterator[_Model]:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "benchmarks.token_stream")
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield _Model(int(await process.stdout.readline()), process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def _bot(folder: Path, discord: FakeDiscord, model_port: int) -> AsyncIterator[int]:
    settings = {
        "CONVERSATIONS_DIR": str(folder / "conversations"),
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_BASE": discord.api_base,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
        "OPENAI_API_KEY": "any",
        "OPENAI_MODEL": "test-model",
        "LOG_LEVEL": "warning",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "bot.py", cwd=ROOT, env={**os.environ, **settings})
    try:
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _row(chats: int, load: Load) -> list[str]:
    first = sorted(seen.first_visible for seen in load.seen)
    return [
        f"{chats}",
        f"{statistics.median(first) * 1_000:,.0f} ms",
        f"{first[int(0.95 * (len(first) - 1))] * 1_000:,.0f} ms",
        f"{statistics.median(seen.after_question for seen in load.seen) * 1_000:,.0f} ms",
        f"{max(seen.freeze for seen in load.seen):.2f} s",
        f"{statistics.median(seen.edits for seen in load.seen):.0f}",
        f"{load.cpu / len(load.seen):.3f}",
        f"{load.rss_bytes / 1e6:.0f} MB",
        f"{load.too_many_requests}",
    ]


async def main() -> None:
    arguments = measure.options(__doc__).parse_args()
    measure.begin("Answers on Discord, many at once", durability="full")
    heads = ["chats", "first visible p50", "p95", "after the question", "longest freeze", "edits", "CPU-s a reply",
             "peak RSS", "429s"]  # fmt: skip
    rows = [_row(chats, await measured(chats)) for chats in (_QUICK if arguments.quick else _CHATS)]
    print(measure.Table(heads, rows))


if __name__ == "__main__":
    asyncio.run(main())
