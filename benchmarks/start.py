"""How long Echo takes to start, with an empty store and with a full one, and until the terminal's prompt.

Baselines: the same with an empty store; for the terminal, an interpreter that does nothing.
"""

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks import measure
from benchmarks.blank import InstantModel
from benchmarks.made_up import PERSON, made_up
from benchmarks.terminal_start import seconds_of_python, seconds_to_prompt
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.app.composition import open_echo
from source.app.settings import Settings
from source.domain.identifiers import IdGenerator
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.clock import SystemClock
from tests.fakes.channel import FakeChannel

_FULL, _QUICK = 100_000, 50
_MESSAGES = 2
_BATCH = 1_000
# The start compares the latest transcripts with the store, and goes on while it finds one to mend.
_WITH_TRANSCRIPTS = 40


async def fill(folder: Path, conversations: int) -> None:
    """Make a data folder with so many conversations; the latest have their transcripts."""
    settings, ids, now = measure.settings_in(folder), IdGenerator(), datetime.now(UTC)
    assert isinstance(settings.database, Path)
    store = await SqlStore.open(settings.database, clock=SystemClock(), durability="normal")
    files = ConversationFileManagerService(folder, durable=False)
    for start in range(0, conversations, _BATCH):
        measure.progress(f"filling the store: {start:,} of {conversations:,}")
        batch = [
            made_up(number, _MESSAGES, last_at=now - timedelta(seconds=conversations - number), ids=ids)
            for number in range(start, min(start + _BATCH, conversations))
        ]
        await store.restore(batch)
        if start + _BATCH >= conversations:
            for conversation in batch[-_WITH_TRANSCRIPTS:]:
                await files.save(conversation)
    await store.close()


async def _opened(settings: Settings) -> float:
    """Return the seconds until Echo is ready for a message."""
    watch = measure.Stopwatch()
    async with open_echo(settings, model=InstantModel(), command="benchmark"):
        return watch.lap()


async def _first_turn(settings: Settings, thread_id: str) -> float:
    """Return the seconds of the first turn after a start, in a thread that has a conversation."""
    channel = FakeChannel(Platform.TERMINAL)
    inbound = InboundMessage(
        uuid.uuid4().hex,
        ThreadRef(Platform.TERMINAL, thread_id),
        PersonRef(PERSON, PERSON),
        "Good morning",
        datetime.now(UTC),
    )
    async with open_echo(settings, model=InstantModel(), command="benchmark") as echo:
        watch = measure.Stopwatch()
        await echo.turns.handle(inbound, channel)
        return watch.lap()


def _in_thread(act: Callable[[], float]) -> measure.Case:
    async def run() -> float:
        return await asyncio.to_thread(act)

    return run


async def _compare(folder: Path, conversations: int, runs: int) -> None:
    few, full = folder / "few", folder / "full"
    await fill(few, 1)
    began = time.perf_counter()
    await fill(full, conversations)
    measure.progress(f"filled in {time.perf_counter() - began:.0f} s")
    names = {"few": (few, "thread-0"), "full": (full, f"thread-{conversations // 2}")}
    cases: dict[str, measure.Case] = {"python": _in_thread(seconds_of_python)}
    for name, (place, thread_id) in names.items():
        settings = measure.settings_in(place)
        cases[f"open {name}"] = partial(_opened, settings)
        cases[f"turn {name}"] = partial(_first_turn, settings, thread_id)
        cases[f"prompt {name}"] = _in_thread(partial(seconds_to_prompt, place))
    cases["prompt new"] = _in_thread(partial(_first_prompt, folder))
    took = measure.medians(await measure.interleaved(cases, runs=runs))
    _show(took, conversations)


def _first_prompt(folder: Path) -> float:
    """Return the time to the prompt of a chat that has never run: its database has to be made."""
    return seconds_to_prompt(folder / uuid.uuid4().hex)


def _show(took: dict[str, float], conversations: int) -> None:
    rows = [
        _row(label, took[f"{case} few"], took[f"{case} full"])
        for case, label in (
            ("open", "open_echo, ready for a message"),
            ("turn", "first turn, conversation from the store"),
            ("prompt", "terminal's prompt, from the process's start"),
        )
    ]
    print(measure.Table(["conversations in the store", "1", f"{conversations:,}", "ratio"], rows))
    rows = [
        _row(label, took["python"], took[case])
        for case, label in (("prompt few", "terminal's prompt"), ("prompt new", "the same, first start ever"))
    ]
    print(f"\n{measure.Table(['process', 'python -c pass', 'this', 'ratio'], rows)}")


def _row(label: str, baseline: float, value: float) -> list[str]:
    return [label, measure.duration(baseline), measure.duration(value), measure.ratio(value, baseline)]


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--conversations", type=int, help="how many (100,000)")
    parser.add_argument("--runs", type=int, default=5, help="of which the median is shown (5)")
    given = parser.parse_args()
    conversations = given.conversations or (_QUICK if given.quick else _FULL)
    measure.begin(f"Start with {conversations:,} stored conversations", durability="full")
    with measure.temporary_folder() as folder:
        asyncio.run(_compare(folder, conversations, 1 if given.quick else given.runs))


if __name__ == "__main__":
    main()
