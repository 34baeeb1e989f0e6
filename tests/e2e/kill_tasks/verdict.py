"""What is in the databases after a campaign."""

import json
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import create_engine, make_url, text

from tests.e2e.kill_tasks.worker import Place


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures of a campaign, and everything that is wrong."""

    tasks: int
    pieces: int
    begun: int
    attempts: int
    problems: tuple[str, ...]

    def summary(self, *, kills: int, seconds: float) -> str:
        lines = [
            f"{kills} kills in {seconds:.0f} s, {self.tasks} tasks of {self.pieces} pieces; "
            f"tasks were begun {self.attempts} times and pieces {self.begun} times",
            f"{len(self.problems)} problems",
            *self.problems[:20],
        ]
        return "\n".join(lines)


def verdict_on(place: Place) -> Verdict:
    """Compare what was handed in with what was done."""
    # Killed early enough, nobody has come to write a line.
    noted = place.journal.read_text(encoding="utf-8") if place.journal.exists() else ""
    journal = [line.split() for line in noted.splitlines()]
    submitted = {name: int(pieces) for kind, name, pieces in journal if kind == "submitted"}
    tasks, ledger, log, executors = _rows(place)
    by_name = {str(task["key"]): task for task in tasks}
    expected = Counter(
        f"{name}/{number}" for name, task in by_name.items() for number in range(_input_of(task)["pieces"])
    )
    problems = [f"{name} was handed in and is gone" for name in submitted.keys() - by_name.keys()]
    problems += [problem for task in tasks for problem in _problems_of(task)]
    problems += [f"{piece} is {'missing' if piece in expected else 'too much'}" for piece in expected.keys() ^ ledger]
    problems += [f"the log of the engine has {count} {status}" for status, count in log.items() if status != "SUCCESS"]
    problems += [f"process {name} has not left" for name in executors]
    problems += [line for line in _logged(place) if '"level": "error"' in line or "Traceback" in line]
    return Verdict(
        tasks=len(tasks),
        pieces=expected.total(),
        begun=sum(1 for kind, *_ in journal if kind == "began"),
        attempts=sum(int(str(task["attempts"])) for task in tasks),
        problems=tuple(problems),
    )


def is_settled(place: Place) -> bool:
    """Whether nothing is under way for the engine."""
    _, _, log, _ = _rows(place)
    return log.keys() == {"SUCCESS"}


def _problems_of(task: dict[str, object]) -> list[str]:
    name, pieces = task["key"], _input_of(task)["pieces"]
    wrote = [f"{name}/{number}" for number in range(pieces)]
    output = task["output_data"]
    found = json.loads(output) if isinstance(output, str) else output
    problems = []
    if task["status"] != "completed" or task["error"] is not None:
        problems.append(f"{name} is {task['status']}: {task['error']}")
    if (task["done"], task["total"]) != (pieces, pieces):
        problems.append(f"{name} has done {task['done']} of {task['total']} instead of {pieces}")
    if found != {"wrote": wrote}:
        problems.append(f"{name} says {found}")
    return problems


def _input_of(task: dict[str, object]) -> dict[str, int]:
    given = task["input"]
    found: dict[str, int] = json.loads(given) if isinstance(given, str) else given  # type: ignore[assignment]
    return found


def _rows(place: Place) -> tuple[list[dict[str, object]], set[str], dict[str, int], list[str]]:
    if place.is_shared:
        store = log = create_engine(make_url(place.url).set(drivername="postgresql+psycopg"))
        statuses = "echo_tasks.workflow_status"
    else:
        store, log = create_engine(place.url), create_engine(f"sqlite:///{place.folder / 'tasks.db'}")
        statuses = "workflow_status"
    with store.connect() as connection:
        tasks = [dict(row) for row in connection.execute(text("SELECT * FROM tasks ORDER BY id")).mappings()]
        ledger = set(connection.execute(text("SELECT piece FROM ledger")).scalars())
        executors = list(connection.execute(text("SELECT id FROM executors")).scalars())
    with log.connect() as connection:
        counted = connection.execute(text(f"SELECT status, count(*) FROM {statuses} GROUP BY status"))
        states = {str(status): int(count) for status, count in counted}
    store.dispose()
    log.dispose()
    return tasks, ledger, states, executors


def _logged(place: Place) -> list[str]:
    return place.log.read_text(encoding="utf-8").splitlines() if place.log.exists() else []
