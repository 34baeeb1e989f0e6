"""`python bot.py recall`: finds what was said, beside whichever process owns the data folder."""

import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from source.adapters.storage.people_table import PeopleTable
from source.adapters.terminal.screen import printable
from source.app.composition import open_reader
from source.app.embeddings import embedding_model
from source.app.named_people import person_named
from source.app.recall_parts import recall_over
from source.app.settings import Settings
from source.domain.errors import RefusedInputError
from source.domain.recall.passages import RecallBudget, RecalledTurn, Recollection
from source.ports.clock import SystemClock
from source.ports.recall import Eyes
from source.services.recall import RecallService

# As the budgets of prompts at first: UTF-8 bytes for a token.
_BYTES_PER_TOKEN = 3
_ROOM_FOR_ONE = 10_000
_NOTHING = "Nothing that was said bears on that."
_TOO_SMALL = "Something that was said bears on that, but --budget {} is too small to show it."


@dataclass(frozen=True, slots=True)
class RecallRequest:
    """What to look for: a question, or the questions of a file (`-`: standard input), one on each line.

    A line is the question itself or a JSON object with `query` and, if it is to be another than the one given
    here, `person`.
    """

    query: str | None
    queries: Path | None
    person: str | None
    budget_tokens: int
    most_turns: int
    as_json: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    person: str | None


async def run_recall(settings: Settings, request: RecallRequest) -> int:
    """Answer one question or many; with `as_json` one JSON object on a line for each."""
    # The questions of a file are there to measure with: for them everything is ranked, up to the budget.
    max_bytes, is_one = request.budget_tokens * _BYTES_PER_TOKEN, request.queries is None
    budget = RecallBudget(max_bytes, request.most_turns, bearing_only=is_one)
    async with _open(settings) as (recall, people):
        asked_any = found_any = False
        for asked in _asked(request):
            if not request.as_json and not is_one:
                click.echo(printable(f"\n› {asked.query}" if asked_any else f"› {asked.query}"))
            asked_any = True
            found_any |= await _answer(recall, asked, await _eyes(people, asked.person), budget, request)
    if not asked_any:
        raise RefusedInputError(f"no question in {_shown(request.queries)}.")
    return 0 if found_any or not is_one else 1


async def _answer(
    recall: RecallService, asked: _Asked, eyes: Eyes, budget: RecallBudget, request: RecallRequest
) -> bool:
    """Print what bears on a question; False: nothing does."""
    began = time.perf_counter()
    found = await recall.search(asked.query, eyes, budget)
    took = time.perf_counter() - began
    if request.as_json:
        click.echo(_as_json(asked, found, took))
    elif found:
        click.echo(printable(found.text))
    else:
        anything = await recall.search(asked.query, eyes, replace(budget, max_bytes=_ROOM_FOR_ONE, max_turns=1))
        click.echo(_TOO_SMALL.format(request.budget_tokens) if anything else _NOTHING)
    return bool(found)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[tuple[RecallService, PeopleTable]]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_reader(settings))
        embeddings = embedding_model(settings)
        if embeddings is not None:
            stack.push_async_callback(embeddings.close)
        yield recall_over(store, SystemClock(), embeddings=embeddings), PeopleTable(store)


def _asked(request: RecallRequest) -> Iterator[_Asked]:
    if request.query is not None:
        yield _Asked(request.query, request.person)
    if request.queries is None:
        return
    for number, line in enumerate(_lines(request.queries), 1):
        if line.strip():
            yield _read(line.strip(), number, request.person)


def _lines(queries: Path) -> list[str]:
    try:
        given = sys.stdin.buffer.read() if str(queries) == "-" else queries.read_bytes()
        return given.decode("utf-8-sig").split("\n")
    except OSError as error:
        raise RefusedInputError(f"{_shown(queries)} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RefusedInputError(f"{_shown(queries)} cannot be read as text in UTF-8: {error}") from error


def _shown(queries: Path | None) -> str:
    return "standard input" if str(queries) == "-" else str(queries)


def _read(line: str, number: int, person: str | None) -> _Asked:
    if not line.startswith("{"):
        return _Asked(line, person)
    try:
        given = json.loads(line)
    except ValueError as error:
        raise RefusedInputError(f"line {number} begins as JSON but is none: {error}") from error
    query, whose = given.get("query"), given.get("person", person)
    if not isinstance(query, str) or not (whose is None or isinstance(whose, str)):
        raise RefusedInputError(f'line {number} needs a text as "query", and one as "person" if it has one.')
    return _Asked(query, whose)


async def _eyes(people: PeopleTable, whose: str | None) -> Eyes:
    """Return the eyes of the operator, who sees everything, or what one person took part in.

    Raises: RefusedInputError: it is not clear who is meant.
    """
    if whose is None:
        return Eyes()
    return Eyes(person_id=(await person_named(people, whose, may_be_part=True)).person_id)


def _as_json(asked: _Asked, found: Recollection, took: float) -> str:
    shown = {
        "query": asked.query,
        "person": asked.person,
        "turns": [_turn(turn) for turn in found.turns],
        "text": found.text,
        "tokens": -(-found.size_bytes // _BYTES_PER_TOKEN),
        "milliseconds": round(took * 1000, 2),
    }
    return json.dumps(shown)


def _turn(turn: RecalledTurn) -> dict[str, object]:
    said = turn.said
    return {
        "conversation_id": said.conversation_id,
        "message_id": said.message_id,
        "thread_id": turn.thread.thread_id if turn.thread else None,
        "platform": turn.thread.platform.value if turn.thread else None,
        "kind": "memory" if turn.cites else "message",
        "event_id": turn.event_id,
        "said_at": said.said_at.isoformat(),
        "who": turn.who,
        "text": said.text,
        "score": round(turn.score, 4),
    }
