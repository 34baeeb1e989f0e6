"""CPU time of streamed replies through the OpenAI adapter, from a server in a process of its own.

Baselines: the openai package as it comes, which makes a pydantic model of every chunk; and bytes that nobody parses,
through aiohttp, which the adapter uses, and through httpx2, which the package uses unless told otherwise. In a reply
"in one go" the pieces arrive together; at "50 a second" each arrives alone, as from a model that is still writing.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import openai

from benchmarks import measure
from benchmarks.first_request import FirstRequest, first_request
from source.adapters.llm.openai_chat import OpenAIChatModel, OpenAIChatSettings
from source.app.settings import ROOT
from source.ports.llm import Prompt, PromptMessage, Role, TextDelta

_PIECES, _QUICK_PIECES = 200, 20
_AT_ONCE, _QUICK_AT_ONCE = 50, 3
_MODEL = "test-model"
_WORDS = "Tell me about the harbour."

# Reads one reply; returns how many pieces it had.
Reply = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How the pieces of a reply come; one that takes no time is read `repeats` times in each run."""

    name: str
    delay_seconds: float
    repeats: int


_PACES = (Pace("in one go", 0.0, repeats=5), Pace("50 a second", 0.02, repeats=1))


@contextmanager
def _server(pieces: int, delay_seconds: float) -> Iterator[str]:
    """Yield the address of a server that answers every request with so many pieces."""
    reply = " ".join(f"word{number}" for number in range(pieces))
    command = [sys.executable, "-m", "tests.fakes.openai_server", "--port", "0", "--reply", reply]
    process = subprocess.Popen([*command, "--delay", str(delay_seconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("OPENAI_BASE_URL=")
    finally:
        process.terminate()
        process.communicate()


class _Readers:
    """The ways to read a reply, each with one client that is kept."""

    def __init__(self, base_url: str) -> None:
        self._model = OpenAIChatModel(OpenAIChatSettings(_MODEL, "key", base_url))
        self._httpx = openai.AsyncOpenAI(api_key="key", base_url=base_url, max_retries=0)
        self._aiohttp = self._httpx.with_options(http_client=openai.DefaultAioHttpClient())

    def ways(self) -> Mapping[str, Reply]:
        return {
            "Echo": self._echo,
            "package": self._package,
            "aiohttp": lambda: self._bytes(self._aiohttp),
            "httpx2": lambda: self._bytes(self._httpx),
        }

    async def close(self) -> None:
        await self._model.close()
        await self._aiohttp.close()
        await self._httpx.close()

    async def _echo(self) -> int:
        prompt = Prompt((PromptMessage(Role.USER, _WORDS),))
        return len([event async for event in self._model.stream(prompt) if isinstance(event, TextDelta)])

    async def _package(self) -> int:
        chunks = await self._httpx.chat.completions.create(
            model=_MODEL, messages=[{"role": "user", "content": _WORDS}], stream=True
        )
        return len([chunk async for chunk in chunks if chunk.choices[0].delta.content])

    async def _bytes(self, client: openai.AsyncOpenAI) -> int:
        asked = client.chat.completions.with_streaming_response.create(
            model=_MODEL, messages=[{"role": "user", "content": _WORDS}], stream=True
        )
        async with asked as answer:
            return sum([piece.count(b'"content":"word') async for piece in answer.iter_bytes()])


def _cpu(reply: Reply, *, at_once: int, pieces: int, repeats: int) -> measure.Case:
    """CPU-seconds of one reply, `at_once` of them being read side by side."""

    async def run() -> float:
        began = time.process_time()
        for _ in range(repeats):
            read = await asyncio.gather(*(reply() for _ in range(at_once)))
            assert set(read) == {pieces}
        return (time.process_time() - began) / at_once / repeats

    return run


async def _compare(base_url: str, pace: Pace, *, pieces: int, at_once: int, runs: int) -> dict[str, float]:
    readers = _Readers(base_url)
    cases: dict[str, measure.Case] = {}
    for name, reply in readers.ways().items():
        for count in (1, at_once):
            cases[f"{name} {count}"] = _cpu(reply, at_once=count, pieces=pieces, repeats=pace.repeats)
        await reply()  # loads what is loaded once
    try:
        return measure.medians(await measure.interleaved(cases, runs=runs))
    finally:
        await readers.close()


def _rows(pace: Pace, took: Mapping[str, float], at_once: int) -> Iterator[list[str]]:
    for count in (1, at_once):
        echo, package, aiohttp, httpx = (took[f"{way} {count}"] for way in ("Echo", "package", "aiohttp", "httpx2"))
        yield [
            f"{pace.name}, {count} at once",
            measure.duration(echo),
            measure.duration(package),
            measure.ratio(echo, package),
            measure.duration(aiohttp),
            measure.duration(httpx),
        ]


def _first_rows(first: FirstRequest) -> list[list[str]]:
    return [
        ["imports and client", measure.duration(first.prepared)],
        ["another client", measure.duration(first.client)],
        ["first reply", measure.duration(first.first_reply)],
        ["second reply, same connection", measure.duration(first.second_reply)],
        ["reply with a new connection", measure.duration(first.new_connection)],
    ]


def _measure(given: argparse.Namespace) -> None:
    pieces, at_once = (_QUICK_PIECES, _QUICK_AT_ONCE) if given.quick else (_PIECES, _AT_ONCE)
    runs = 1 if given.quick else given.runs
    rows: list[list[str]] = []
    for pace in _PACES:
        with _server(pieces, pace.delay_seconds) as base_url:
            measure.progress(pace.name)
            took = asyncio.run(_compare(base_url, pace, pieces=pieces, at_once=at_once, runs=runs))
        rows += _rows(pace, took, at_once)
    print(measure.Table(["CPU time of a reply", "Echo", "package", "ratio", "bytes, aiohttp", "bytes, httpx2"], rows))
    with _server(pieces, 0.0) as base_url:
        first = first_request(base_url, _MODEL, _WORDS, runs=runs)
    print(f"\n{measure.Table(['CPU time in a new process', 'Echo'], _first_rows(first))}")


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of which the median is shown (5)")
    given = parser.parse_args()
    measure.begin(f"Streamed replies of {_QUICK_PIECES if given.quick else _PIECES} pieces")
    _measure(given)


if __name__ == "__main__":
    main()
