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
from source.app.recall_parts import recall_over
from source.app.settings import Settings
from source.domain.errors import RefusedInputError
from source.domain.recall.passages import RecallBudget, RecalledTurn, Recollection
from source.domain.thread import Platform
from source.ports.clock import SystemClock
from source.ports.people import PeopleQuery, Person
from source.ports.recall import Eyes
from source.services.recall import RecallService

# As the budgets of prompts at first: UTF-8 bytes for a token.
_BYTES_PER_TOKEN = 3
_MOST_NAMED = 5
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
        found_any = False
        for asked in _asked(request):
            began = time.perf_counter()
            eyes = await _eyes(people, asked.person)
            found = await recall.search(asked.query, eyes, budget)
            took = time.perf_counter() - began
            found_any = found_any or bool(found)
            if request.as_json:
                click.echo(_as_json(asked, found, took))
            elif found:
                click.echo(printable(found.text))
            else:
                anything = await recall.search(asked.query, eyes, replace(budget, max_bytes=_ROOM_FOR_ONE, max_turns=1))
                click.echo(_TOO_SMALL.format(request.budget_tokens) if anything else _NOTHING)
    return 0 if found_any or request.queries is not None else 1


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
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedInputError(f"{queries} cannot be read as text in UTF-8: {error}") from error


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
    found = [person for query in _queries_for(whose) for person in await people.people(query, limit=_MOST_NAMED + 1)]
    exactly = [person for person in found if whose in {alias.display_name for alias in person.aliases}]
    by_id = {person.person_id: person for person in exactly or found}
    if len(by_id) == 1:
        return Eyes(person_id=next(iter(by_id)))
    if not by_id:
        raise RefusedInputError(f"Nobody is known as {whose[:80]}: give a name, or an id such as discord:1234.")
    named = "; ".join(_named(person) for person in list(by_id.values())[:_MOST_NAMED])
    raise RefusedInputError(f"Several are known as {whose[:80]}: {named}. Give the id of one.")


def _queries_for(whose: str) -> Iterator[PeopleQuery]:
    platform, _, external_id = whose.partition(":")
    if external_id and platform in set(Platform):
        yield PeopleQuery(platform=Platform(platform), external_id=external_id)
    yield PeopleQuery(external_id=whose)
    yield PeopleQuery(name=whose)


def _named(person: Person) -> str:
    return ", ".join(f"{alias.platform}:{alias.external_id} ({alias.display_name})" for alias in person.aliases)


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
