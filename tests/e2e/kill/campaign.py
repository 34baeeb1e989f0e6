"""Kills and restarts one Echo on one folder, many times."""

import asyncio
import json
import logging
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

from tests.e2e.fork_server import processes, warm_up
from tests.e2e.kill.journal import read_journal
from tests.e2e.kill.worker import Place, Source, finish, restore, talk
from tests.fakes.openai_answers import deltas_of
from tests.fakes.openai_script import CutsBeforeReply, Ending, Fails, Says, Step
from tests.fakes.openai_server import FakeOpenAIServer

_LONGEST_TALK = 1.5
_LONGEST_START = 10.0
_PACE_STEP = 1.5
_LONGEST_REBUILD = 0.25
_REBUILDS = 0.2
_SECONDS_PER_PIECE = 0.001
_CLEAN_RUN_SECONDS = 120


class CampaignFailedError(AssertionError):
    """A process ended in a way that it should not have."""


@dataclass(slots=True)
class Pace:
    """How long a process may talk before it is killed: longer where it was killed before it came to a word."""

    longest: float = _LONGEST_TALK

    def learn(self, *, has_talked: bool) -> None:
        wanted = self.longest / _PACE_STEP if has_talked else self.longest * _PACE_STEP
        self.longest = min(max(wanted, _LONGEST_TALK), _LONGEST_START)


@dataclass(slots=True)
class Toll:
    """What the kills struck."""

    kills: int = 0
    during_rebuild: int = 0
    before_any_message: int = 0
    unanswered: int = 0
    undelivered: int = 0
    half_written_files: int = 0
    problems: list[str] = field(default_factory=list)


async def run_campaign(place: Place, *, kills: int, seed: int, progress: Callable[[Toll], None]) -> Toll:
    """Kill `kills` times, then let a last run come to its end."""
    random, toll, pace = Random(seed), Toll(), Pace()
    await asyncio.to_thread(warm_up)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # clients that are gone are the point here
    async with FakeOpenAIServer(delay=_SECONDS_PER_PIECE) as server:
        trouble = asyncio.create_task(_make_trouble(server, random))
        for run in range(kills):
            accepted = read_journal(place.journal).accepted.total()
            is_talk = await _kill_once(replace(place, model_url=server.base_url), run, random, toll, pace)
            has_talked = read_journal(place.journal).accepted.total() > accepted
            toll.before_any_message += not has_talked
            if is_talk:
                pace.learn(has_talked=has_talked)
            _look_at_the_wreck(place, toll)
            progress(toll)
        trouble.cancel()
    async with FakeOpenAIServer() as server:
        await _end_in_order(_start(finish, replace(place, model_url=server.base_url)))
    return toll


def errors_logged(place: Place) -> list[str]:
    """Return every line of the log that tells of something unforeseen."""
    return [line for line in _log_lines(place) if _is_error(line)]


async def _kill_once(place: Place, run: int, random: Random, toll: Toll, pace: Pace) -> bool:
    """Start a process and kill it; return whether it was one that talks."""
    is_talk = not run or random.random() >= _REBUILDS
    if not is_talk:
        source: Source = random.choice(("store", "transcripts"))
        process, longest = _start(restore, place, source), _LONGEST_REBUILD
        toll.during_rebuild += 1
    else:
        process, longest = _start(talk, place, run, random.randrange(1 << 30)), pace.longest
    await asyncio.sleep(random.uniform(0.0, longest))
    process.kill()
    await asyncio.to_thread(process.join)
    toll.kills += 1
    if process.exitcode not in (-signal.SIGKILL, 0):
        raise CampaignFailedError(f"run {run} ended by itself with {process.exitcode}: see {place.log}")
    return is_talk


def _start(work: Callable[..., None], place: Place, *arguments: object) -> ForkServerProcess:
    process = processes.Process(target=work, args=(place, *arguments))
    process.start()
    return process


async def _end_in_order(process: ForkServerProcess) -> None:
    await asyncio.to_thread(process.join, _CLEAN_RUN_SECONDS)
    if process.exitcode != 0:
        process.kill()
        raise CampaignFailedError(f"the last run did not end in order: {process.exitcode}")


async def _make_trouble(server: FakeOpenAIServer, random: Random) -> None:
    """Have the model fail now and then, so that failed and cut turns are killed too."""
    troubles: tuple[Step, ...] = (
        Says(deltas_of("This will be cut in the"), ending=Ending.CUT),
        Fails(500),
        CutsBeforeReply(),
    )
    while True:
        await asyncio.sleep(random.uniform(0.2, 0.6))
        server.queue(random.choice(troubles))


def _look_at_the_wreck(place: Place, toll: Toll) -> None:
    """Examine a copy of what the kill left: looking at the original would already repair it."""
    toll.half_written_files += sum(1 for _ in place.folder.rglob(".echo-*.tmp"))
    toll.problems += [f"{path.name} is not whole JSON" for path in _broken_transcripts(place.folder)]
    if not (place.folder / "echo.db").exists():
        return
    with tempfile.TemporaryDirectory() as copy:
        for part in place.folder.glob("echo.db*"):
            if not part.name.endswith("-shm"):
                shutil.copy(part, copy)
        with closing(sqlite3.connect(Path(copy) / "echo.db")) as database:
            _look_at_database(database, toll)


def _look_at_database(database: sqlite3.Connection, toll: Toll) -> None:
    [verdict] = database.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        toll.problems.append(f"after kill {toll.kills}: {verdict}")
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'events'").fetchone():
        states = dict(database.execute("SELECT state, count(*) FROM events GROUP BY state").fetchall())
        toll.unanswered += states.get("accepted", 0)
        toll.undelivered += states.get("answered", 0)


def _broken_transcripts(folder: Path) -> Iterator[Path]:
    for path in folder.glob("*.json"):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            yield path


def _log_lines(place: Place) -> list[str]:
    return place.log.read_text(encoding="utf-8").splitlines() if place.log.exists() else []


def _is_error(line: str) -> bool:
    try:
        return str(json.loads(line).get("level")) in {"error", "critical"}
    except ValueError:
        return bool(line.strip())
